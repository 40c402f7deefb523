use std::collections::HashSet;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::files;
use super::graph::{Graph, Node};
use super::schema::{Class, Schema};

/// What `validate_prompt` of ComfyUI's execution.py finds.
pub(super) enum Verdict {
    /// The outputs that will run, and what is wrong with the others.
    Runs {
        outputs: Vec<String>,
        node_errors: Map<String, Value>,
    },
    Refused {
        error: Value,
        node_errors: Map<String, Value>,
    },
}

pub(super) fn refusal(kind: &str, message: &str, details: &str) -> Value {
    json!({ "type": kind, "message": message, "details": details, "extra_info": {} })
}

pub(super) fn validate(graph: &Graph, schema: &Schema, root: &Path) -> Verdict {
    let refused = |error| Verdict::Refused { error, node_errors: Map::new() };
    let mut outputs = Vec::new();
    for (id, node) in graph {
        let place = format!("Node ID '#{id}'");
        let Some(name) = &node.class_type else {
            let message = "Cannot execute because a node is missing the class_type property.";
            return refused(refusal("invalid_prompt", message, &place));
        };
        match schema.class(name) {
            None => {
                let message = format!("Cannot execute because node {name} does not exist.");
                return refused(refusal("invalid_prompt", &message, &place));
            }
            Some(class) if class.output_node => outputs.push(id.clone()),
            Some(_) => {}
        }
    }
    if outputs.is_empty() {
        return refused(refusal("prompt_no_outputs", "Prompt has no outputs", ""));
    }

    let mut validation = Validation { graph, schema, root, done: IndexMap::new(), under_way: HashSet::new() };
    let mut good = Vec::new();
    let mut told = Vec::new();
    let mut node_errors = Map::new();
    for output in outputs {
        let reasons = match validation.node(&output) {
            Ok(true) => {
                good.push(output);
                continue;
            }
            Ok(false) => validation.done[&output].clone().unwrap_or_default(),
            Err(raised) => {
                let reasons = vec![raised.reason(
                    "exception_during_validation",
                    "Exception when validating node",
                    Map::new(),
                )];
                validation.done.insert(output.clone(), Some(reasons.clone()));
                reasons
            }
        };
        told.extend(reasons.iter().map(|reason| {
            let text = |key: &str| reason[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", text("message"), text("details"))
        }));
        for (id, errors) in &validation.done {
            let Some(errors) = errors.as_ref().filter(|errors| !errors.is_empty()) else { continue };
            let entry = node_errors.entry(id.clone()).or_insert_with(
                || json!({ "errors": errors, "dependent_outputs": [], "class_type": graph[id].class_type }),
            );
            if let Some(dependents) = entry["dependent_outputs"].as_array_mut() {
                dependents.push(json!(output));
            }
        }
    }
    if good.is_empty() {
        let error =
            refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation", &told.join("\n"));
        return Verdict::Refused { error, node_errors };
    }
    Verdict::Runs { outputs: good, node_errors }
}

/// A Python exception out of validate_inputs.
struct Raised {
    kind: &'static str,
    message: String,
}

impl Raised {
    fn reason(&self, kind: &str, message: &str, mut extra_info: Map<String, Value>) -> Value {
        if !extra_info.is_empty() {
            extra_info.insert("exception_message".into(), json!(self.message));
        }
        extra_info.insert("exception_type".into(), json!(self.kind));
        extra_info
            .insert("traceback".into(), json!(["  File \"execution.py\", line 808, in validate_inputs\n"]));
        json!({ "type": kind, "message": message, "details": self.message, "extra_info": extra_info })
    }
}

struct Validation<'a> {
    graph: &'a Graph,
    schema: &'a Schema,
    root: &'a Path,
    /// Errors of the nodes seen so far, in the order of seeing; None for a valid node.
    done: IndexMap<String, Option<Vec<Value>>>,
    under_way: HashSet<String>,
}

impl Validation<'_> {
    fn node(&mut self, id: &str) -> Result<bool, Raised> {
        if let Some(errors) = self.done.get(id) {
            return Ok(errors.is_none());
        }
        // Python runs into its recursion limit and ends up with an invalid node without a reason.
        if !self.under_way.insert(id.to_owned()) {
            return Ok(false);
        }
        let result = self.inputs(id);
        self.under_way.remove(id);
        result
    }

    fn inputs(&mut self, id: &str) -> Result<bool, Raised> {
        let (graph, schema) = (self.graph, self.schema);
        let node = &graph[id];
        let class_name = node.class_type.as_deref().unwrap_or_default();
        let class = schema.class(class_name).expect("the classes of all nodes were looked up before");
        let inputs =
            node.inputs.as_ref().ok_or(Raised { kind: "KeyError", message: "'inputs'".to_owned() })?;
        let mut errors = Vec::new();
        let mut valid = true;
        let required = class.input.required.iter().map(|(name, config)| (name, config, true));
        let optional = class.input.optional.iter().map(|(name, config)| (name, config, false));
        for (name, config, is_required) in required.chain(optional) {
            let Some(value) = inputs.get(name) else {
                if is_required {
                    let extra = json!({ "input_name": name });
                    errors.push(reason("required_input_missing", "Required input is missing", name, extra));
                }
                continue;
            };
            let declared = Declared { name, config };
            if value.is_array() {
                match self.linked(&declared, value, &mut errors)? {
                    Some(from) => valid &= self.upstream(&declared, value, from),
                    None => valid = false,
                }
            } else if class_name == "LoadImage" && name == "image" {
                if !files::annotated(self.root, value.as_str().unwrap_or_default())
                    .is_some_and(|file| file.is_file())
                {
                    let details = format!("image - Invalid image file: {}", python_text(value));
                    let message = "Custom validation failed for node";
                    let extra = json!({ "input_name": name });
                    errors.push(reason("custom_validation_failed", message, &details, extra));
                }
            } else {
                errors.extend(declared.problem(value));
            }
        }
        valid &= errors.is_empty();
        self.done.insert(id.to_owned(), (!valid).then_some(errors));
        Ok(valid)
    }

    /// The node the link comes from, when the link is one the class accepts.
    fn linked<'v>(
        &self,
        declared: &Declared<'_>,
        value: &'v Value,
        errors: &mut Vec<Value>,
    ) -> Result<Option<&'v str>, Raised> {
        let pair = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let [from, slot] = pair else {
            let message = "Bad linked input, must be a length-2 list of [node_id, slot_index]";
            let extra = declared.extra(json!({ "received_value": value }));
            errors.push(reason("bad_linked_input", message, declared.name, extra));
            return Ok(None);
        };
        let key_error = || Raised { kind: "KeyError", message: python_repr(from) };
        let from = from.as_str().ok_or_else(key_error)?;
        let source: &Node = self.graph.get(from).ok_or_else(key_error)?;
        let class: &Class = source
            .class_type
            .as_deref()
            .and_then(|name| self.schema.class(name))
            .expect("the classes of all nodes were looked up before");
        let received = slot
            .as_u64()
            .and_then(|slot| class.output.get(slot as usize))
            .ok_or(Raised { kind: "IndexError", message: "tuple index out of range".into() })?;
        let wanted = &declared.config[0];
        if !fits(received, wanted) {
            let details = format!(
                "{}, received_type({}) mismatch input_type({})",
                declared.name,
                python_text(received),
                python_text(wanted)
            );
            let extra = declared.extra(json!({ "received_type": received, "linked_node": value }));
            let message = "Return type mismatch between linked nodes";
            errors.push(reason("return_type_mismatch", message, &details, extra));
            return Ok(None);
        }
        Ok(Some(from))
    }

    fn upstream(&mut self, declared: &Declared<'_>, value: &Value, from: &str) -> bool {
        match self.node(from) {
            Ok(valid) => valid,
            Err(raised) => {
                let extra = json!({
                    "input_name": declared.name,
                    "input_config": declared.info(),
                    "linked_node": value,
                });
                let extra = extra.as_object().cloned().unwrap_or_default();
                let message = "Exception when validating inner node";
                let reason = raised.reason("exception_during_inner_validation", message, extra);
                self.done.insert(from.to_owned(), Some(vec![reason]));
                false
            }
        }
    }
}

fn reason(kind: &str, message: &str, details: &str, extra_info: Value) -> Value {
    json!({ "type": kind, "message": message, "details": details, "extra_info": extra_info })
}

/// Unions are "A,B"; "*" is anything.
fn fits(received: &Value, wanted: &Value) -> bool {
    if received == wanted {
        return true;
    }
    let (Some(received), Some(wanted)) = (received.as_str(), wanted.as_str()) else { return false };
    let wanted: HashSet<&str> = wanted.split(',').map(str::trim).collect();
    wanted.contains("*") || received == "*" || received.split(',').all(|kind| wanted.contains(kind.trim()))
}

/// An input as the class declares it: `[type, {…}]`, often without the second element.
struct Declared<'a> {
    name: &'a str,
    config: &'a Value,
}

impl Declared<'_> {
    fn settings(&self) -> Value {
        self.config.get(1).cloned().unwrap_or_else(|| json!({}))
    }

    fn info(&self) -> Value {
        json!([self.config[0], self.settings()])
    }

    fn extra(&self, more: Value) -> Value {
        let mut extra = json!({ "input_name": self.name, "input_config": self.info() });
        if let (Some(extra), Value::Object(more)) = (extra.as_object_mut(), more) {
            extra.extend(more);
        }
        extra
    }

    /// What is wrong with a value that is no link.
    fn problem(&self, value: &Value) -> Option<Value> {
        let settings = self.settings();
        let number = match self.config[0].as_str() {
            Some(kind @ ("INT" | "FLOAT")) => match coerce(kind, value) {
                Ok(number) => Some(number),
                Err(raised) => {
                    let details = format!("{}, {}, {raised}", self.name, python_text(value));
                    let message = format!("Failed to convert an input value to a {kind} value");
                    let extra = self.extra(json!({ "received_value": value, "exception_message": raised }));
                    return Some(reason("invalid_input_type", &message, &details, extra));
                }
            },
            _ => None,
        };
        if let Some(number) = number {
            let shown = if value.is_string() {
                value.as_str().unwrap_or_default().to_owned()
            } else {
                python_text(value)
            };
            for (limit, kind, word) in
                [("min", "value_smaller_than_min", "smaller"), ("max", "value_bigger_than_max", "bigger")]
            {
                let Some(bound) = settings.get(limit) else { continue };
                let beyond = match bound.as_f64() {
                    Some(bound) if limit == "min" => number < bound,
                    Some(bound) => number > bound,
                    None => false,
                };
                if beyond {
                    let message = format!("Value {shown} {word} than {limit} of {}", python_text(bound));
                    let extra = self.extra(json!({ "received_value": value }));
                    return Some(reason(kind, &message, self.name, extra));
                }
            }
        }
        let options = match &self.config[0] {
            Value::Array(options) => options.clone(),
            Value::String(kind) if kind == "COMBO" => {
                settings.get("options").and_then(Value::as_array).cloned().unwrap_or_default()
            }
            _ => return None,
        };
        if options.contains(value) {
            return None;
        }
        let (list, config) = if options.len() > 20 {
            (format!("(list of length {})", options.len()), Value::Null)
        } else {
            (format!("[{}]", options.iter().map(python_repr).collect::<Vec<_>>().join(", ")), self.info())
        };
        let details = format!("{}: '{}' not in {list}", self.name, python_text(value));
        let extra = json!({ "input_name": self.name, "input_config": config, "received_value": value });
        Some(reason("value_not_in_list", "Value not in list", &details, extra))
    }
}

/// Python's int() and float(), as far as graphs need them.
fn coerce(kind: &str, value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            Ok(if kind == "INT" { number.trunc() } else { number })
        }
        Value::Bool(value) => Ok(f64::from(u8::from(*value))),
        Value::String(text) if kind == "INT" => text
            .trim()
            .parse::<i128>()
            .map(|number| number as f64)
            .map_err(|_| format!("invalid literal for int() with base 10: {}", python_repr(value))),
        Value::String(text) => text
            .trim()
            .parse()
            .map_err(|_| format!("could not convert string to float: {}", python_repr(value))),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("{}() argument must be a string or a real number", kind.to_lowercase()))
        }
    }
}

/// str() of a value.
fn python_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => other.to_string(),
    }
}

/// repr() of a value.
fn python_repr(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        other => python_text(other),
    }
}
