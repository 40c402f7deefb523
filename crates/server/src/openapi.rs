//! The server described by itself: one path per command, from the types the commands are declared with.

use axum::Json;
use oreforge_protocol::{Command, ErrorReport, Event, LivePreview, Reply, SourceInfo};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::page::Opening;
use crate::pass::Pass;

pub(crate) async fn describe() -> Json<Value> {
    Json(description())
}

fn description() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let commands = variants(&generator.root_schema_for::<Command>().to_value());
    let replies = variants(&generator.root_schema_for::<Reply>().to_value());
    let error = reference::<ErrorReport>(&mut generator);
    let errors = json!({ "description": "What happened, in words, and what to do next.", "content": { "application/json": { "schema": error } } });

    let mut paths = Map::new();
    for (name, command) in &commands {
        let reply = replies.get(name).map_or(Value::Null, |reply| reply["properties"]["reply"].clone());
        let mut arguments = command.clone();
        take_tag(&mut arguments);
        paths.insert(
            format!("/api/commands/{name}"),
            json!({ "post": {
                "operationId": name,
                "summary": command["description"],
                "requestBody": body("application/json", &arguments),
                "responses": { "200": answer("application/json", &reply), "default": errors },
            }}),
        );
    }
    let (event, preview) = (reference::<Event>(&mut generator), reference::<LivePreview>(&mut generator));
    paths.insert("/api/jobs/{id}/events".to_owned(), json!({ "get": {
        "operationId": "events",
        "summary": "A job's events after a cursor, then those to come, as server-sent events whose ids are the cursor. Messages of type preview, a LivePreview each, come between them while a step shows what it is about to bring. Ends after the job's last event; 204 when there is nothing left.",
        "parameters": [
            parameter("id", "path", true, "string"),
            parameter("after", "query", false, "integer"),
            parameter("Last-Event-ID", "header", false, "integer"),
        ],
        "responses": { "200": answer("text/event-stream", &json!({ "anyOf": [event, preview] })), "204": { "description": "The job is over and everything was seen." }, "default": errors },
    }}));
    let picture = reference::<SourceInfo>(&mut generator);
    paths.insert(
        "/api/pictures".to_owned(),
        json!({ "post": {
            "operationId": "import_picture_bytes",
            "summary": "Put a picture into the store.",
            "parameters": [parameter("name", "query", true, "string")],
            "requestBody": body("application/octet-stream", &json!({})),
            "responses": { "200": answer("application/json", &picture), "default": errors },
        }}),
    );
    let pass = reference::<Pass>(&mut generator);
    paths.insert(
        "/api/file-pass".to_owned(),
        json!({ "get": {
            "operationId": "file_pass",
            "summary": "A signed query that opens addresses of files for a while without the token.",
            "responses": { "200": answer("application/json", &pass), "default": errors },
        }}),
    );
    let opening = reference::<Opening>(&mut generator);
    paths.insert(
        "/api/opening".to_owned(),
        json!({ "get": {
            "operationId": "opening",
            "responses": { "200": answer("application/json", &opening), "default": errors },
        }}),
    );
    paths.insert("/api/meshes/{id}/export".to_owned(), json!({ "get": {
        "operationId": "export_mesh_file",
        "summary": "A mesh in another format; a ZIP archive where it takes several files.",
        "parameters": [
            parameter("id", "path", true, "string"),
            parameter("name", "query", true, "string"),
            { "name": "preset", "in": "query", "schema": { "enum": ["unity", "unreal", "godot", "blender", "print"] } },
            parameter("compressed", "query", false, "boolean"),
            { "name": "via", "in": "query", "schema": { "enum": ["oreforge", "blender"] } },
        ],
        "responses": { "200": answer("application/octet-stream", &json!({})), "default": errors },
    }}));
    paths.insert("/files/{kind}/{id}".to_owned(), json!({ "get": {
        "operationId": "file",
        "summary": "A picture or a mesh of the store; takes ranges.",
        "security": [{ "token": [] }, { "pass": [] }],
        "parameters": [
            { "name": "kind", "in": "path", "required": true, "schema": { "enum": ["artifact", "thumbnail", "source"] } },
            parameter("id", "path", true, "string"),
            parameter("until", "query", false, "integer"),
            parameter("download", "query", false, "string"),
        ],
        "responses": { "200": answer("application/octet-stream", &json!({})), "206": { "description": "A range of it." }, "default": errors },
    }}));

    json!({
        "openapi": "3.1.0",
        "info": { "title": "Oreforge", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "MIT", "identifier": "MIT" } },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "pass": { "type": "apiKey", "in": "query", "name": "sig" },
            },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn reference<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// The alternatives of an enum tagged with `command`, by that name.
fn variants(schema: &Value) -> Map<String, Value> {
    let alternatives = schema["oneOf"].as_array().cloned().unwrap_or_default();
    alternatives
        .into_iter()
        .filter_map(|variant| Some((variant["properties"]["command"]["const"].as_str()?.to_owned(), variant)))
        .collect()
}

/// The name is in the path, not in the body.
fn take_tag(variant: &mut Value) {
    if let Some(properties) = variant["properties"].as_object_mut() {
        properties.remove("command");
    }
    if let Some(required) = variant["required"].as_array_mut() {
        required.retain(|name| name != "command");
    }
}

fn body(media_type: &str, schema: &Value) -> Value {
    json!({ "required": true, "content": { media_type: { "schema": schema } } })
}

fn answer(media_type: &str, schema: &Value) -> Value {
    json!({ "description": "Done.", "content": { media_type: { "schema": schema } } })
}

fn parameter(name: &str, place: &str, required: bool, kind: &str) -> Value {
    json!({ "name": name, "in": place, "required": required, "schema": { "type": kind } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of the description leads somewhere.
    fn check_references(value: &Value, root: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    assert!(root.pointer(target.trim_start_matches('#')).is_some(), "{target} leads nowhere");
                }
                fields.values().for_each(|field| check_references(field, root));
            }
            Value::Array(items) => items.iter().for_each(|item| check_references(item, root)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_command_is_described_with_its_arguments_and_its_reply() {
        let description = description();
        check_references(&description, &description);
        let paths = description["paths"].as_object().unwrap();
        let start = &paths["/api/commands/start_forge"]["post"];
        let arguments = &start["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(arguments["required"], json!(["request"]));
        let reply = &start["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(reply["$ref"], "#/components/schemas/JobSnapshot");
        let stream =
            &paths["/api/jobs/{id}/events"]["get"]["responses"]["200"]["content"]["text/event-stream"];
        assert!(stream.to_string().contains("#/components/schemas/LivePreview"), "{stream}");
        for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/api/commands/")) {
            assert_ne!(
                item["post"]["responses"]["200"]["content"]["application/json"]["schema"],
                Value::Null,
                "{path}"
            );
        }
    }
}
