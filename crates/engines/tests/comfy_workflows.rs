#![allow(clippy::unwrap_used)]

//! Workflows, and what a real server's list of nodes (captured, `tests/fixtures/comfyui`) says to them.

use std::collections::BTreeMap;
use std::io::Read as _;

use oreforge_engines::comfy::Graph;
use oreforge_engines::comfy::preflight::{Fault, ObjectInfo, Preflight, preflight};
use oreforge_engines::comfy::workflow::{
    EmbeddedError, GraphError, InputError, InputKind, Kind, OutputKind, Workflow, embedded_graph, parse_graph,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn captured() -> Value {
    let bytes = include_bytes!("../../../tests/fixtures/comfyui/object_info.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn server(change: impl FnOnce(&mut Value)) -> ObjectInfo {
    let mut info = captured();
    change(&mut info);
    ObjectInfo::parse(info.to_string().as_bytes()).unwrap()
}

fn workflow(name: &str) -> Workflow {
    Workflow::built_in().into_iter().find(|workflow| workflow.name == name).unwrap()
}

fn pictures(workflow: &Workflow) -> BTreeMap<String, Value> {
    let inputs = workflow.manifest.inputs.iter().filter(|input| input.kind == InputKind::Picture);
    inputs.map(|input| (input.name.clone(), json!(format!("oreforge/{}.png", input.name)))).collect()
}

fn check(workflow: &Workflow, server: &ObjectInfo) -> Preflight {
    preflight(&workflow.fill(&pictures(workflow)).unwrap(), &workflow.manifest, server)
}

#[test]
fn built_in_workflows_run_on_the_captured_server_once_their_models_are_there() {
    let all = Workflow::built_in();
    let kinds: Vec<Kind> = all.iter().map(|workflow| workflow.manifest.kind).collect();
    for kind in
        [Kind::TextToImage, Kind::ImageToViews, Kind::ImageToMesh, Kind::ViewsToMesh, Kind::ImageToDepth]
    {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
    let bare = server(|_| {});
    let stocked = server(|info| {
        for model in all
            .iter()
            .flat_map(|workflow| workflow.manifest.models.iter().map(move |model| (workflow, model)))
        {
            let (workflow, model) = model;
            let class = workflow.graph[&model.node]["class_type"].as_str().unwrap();
            let options = info[class]["input"]["required"][&model.field][0].as_array_mut().unwrap();
            // In a folder, as a server on Windows lists it.
            options.push(json!(format!("sub\\{}", model.names[0].to_uppercase())));
        }
    });
    for workflow in &all {
        let missing = check(workflow, &bare).problems;
        let models =
            missing.iter().filter(|problem| matches!(problem.fault, Fault::ModelNotInstalled { .. })).count();
        assert_eq!(
            (missing.len(), models),
            (workflow.manifest.models.len(), models),
            "{}: {missing:?}",
            workflow.name
        );
        for problem in &missing {
            assert!(problem.hint().contains("https://"), "{}", problem.hint());
        }
        let ready = check(workflow, &stocked);
        assert_eq!(ready.problems, [], "{}", workflow.name);
        for model in &workflow.manifest.models {
            let taken = ready.graph[&model.node]["inputs"][&model.field].as_str().unwrap();
            assert_eq!(taken, format!("sub\\{}", model.names[0].to_uppercase()));
        }
        assert_eq!(ready.changes.len(), workflow.manifest.models.len());
        for output in &workflow.manifest.outputs {
            let class = workflow.graph[&output.node]["class_type"].as_str().unwrap();
            assert!(stocked.class(class).unwrap().is_output, "{}", workflow.name);
        }
        for input in &workflow.manifest.inputs {
            for (node, field) in input.places() {
                assert!(!workflow.graph[node]["inputs"][field].is_null(), "{} {}", workflow.name, input.name);
            }
        }
    }
}

#[test]
fn all_problems_come_at_once_each_with_a_hint() {
    let mut workflow = workflow("text-to-image-sd15");
    let nodes = &mut workflow.graph;
    nodes["5"]["inputs"]["sampler_name"] = json!("euler_a");
    nodes["5"]["inputs"]["steps"] = json!(100_000);
    nodes["5"]["inputs"]["model"] = json!(["99", 0]);
    nodes["5"]["inputs"]["positive"] = json!(["2", 7]);
    nodes["4"]["inputs"]["width"] = json!("wide");
    nodes["6"]["inputs"].as_object_mut().unwrap().remove("vae");
    nodes.insert("8".into(), json!({ "class_type": "HexTile", "inputs": {} }));
    nodes.insert("9".into(), json!({ "class_type": "HexTile", "inputs": {} }));
    let found = preflight(&workflow.graph, &workflow.manifest, &server(|_| {})).problems;
    let mut told: Vec<String> = found.iter().map(|problem| format!("{problem} {}", problem.hint())).collect();
    told.sort();
    let expected = [
        "CLIPTextEncode",
        "KSampler (5) has no sampler_name \"euler_a\". Did you mean euler_ancestral?",
        "The model v1-5-pruned-emaonly-fp16.safetensors is not installed.",
        "This ComfyUI has no node HexTile.",
        "model of KSampler (5) is linked to node 99",
        "positive of KSampler (5) is linked to output 7 of node 2",
        "steps of KSampler (5) cannot be 100000. Choose a value from 1 to 10000.",
        "vae of VAEDecode (6) is not set.",
        "width of EmptyLatentImage (4) takes a whole number, not \"wide\".",
    ];
    for (told, expected) in told.iter().zip(&expected[1..]) {
        assert!(told.starts_with(expected), "{told} instead of {expected}");
    }
    assert_eq!(told.len(), expected.len() - 1);
}

#[test]
fn seeds_reach_the_edge_of_64_bits_and_limits_lie_beyond() {
    let workflow = workflow("text-to-image-sd15");
    let seed = BTreeMap::from([("seed".to_owned(), json!(u64::MAX))]);
    let info = server(|info| {
        info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] =
            json!([workflow.manifest.models[0].names[0]]);
        info["KSampler"]["input"]["required"]["seed"][1]["min"] =
            serde_json::from_str("-18446744073709551615").unwrap();
    });
    let checked = preflight(&workflow.fill(&seed).unwrap(), &workflow.manifest, &info);
    assert_eq!(checked.problems, []);
    assert_eq!(checked.graph["5"]["inputs"]["seed"], json!(u64::MAX));
}

#[test]
fn a_missing_value_comes_from_the_server_in_both_shapes_of_a_list() {
    let graph = json!({
        "1": { "class_type": "EmptyImage", "inputs": {} },
        "2": { "class_type": "ImageScaleToTotalPixels", "inputs": { "image": ["1", 0], "upscale_method": "bilinea" } },
        "3": { "class_type": "ImageScale", "inputs": { "image": ["2", 0], "width": 8, "height": 8, "crop": "disabled" } },
        "4": { "class_type": "SaveImage", "inputs": { "images": ["3", 0], "filename_prefix": "x" } },
    });
    let workflow = Workflow::parse("mine", graph.to_string().as_bytes(), None).unwrap();
    let checked = preflight(&workflow.graph, &workflow.manifest, &server(|_| {}));
    assert_eq!(checked.graph["1"]["inputs"]["width"], 512);
    assert_eq!(checked.graph["3"]["inputs"]["upscale_method"], "nearest-exact");
    let [problem] = checked.problems.as_slice() else { panic!("{:?}", checked.problems) };
    assert_eq!(problem.hint(), "Did you mean bilinear?");
}

#[test]
fn the_nearest_installed_models_are_offered() {
    let mut workflow = workflow("text-to-image-sdxl");
    workflow.graph["1"]["inputs"]["ckpt_name"] = json!("tiny-sd15-pruned.ckpt");
    let found = preflight(&workflow.graph, &workflow.manifest, &server(|_| {})).problems;
    let Fault::ModelNotInstalled { offered, wanted, .. } = &found[0].fault else { panic!("{found:?}") };
    assert_eq!(offered[0], "tiny-sd15.ckpt");
    assert_eq!(*wanted, ["tiny-sd15-pruned.ckpt"], "what a person chose has no stand-in");
}

#[test]
fn inputs_are_held_to_their_kind_and_range() {
    let workflow = workflow("image-to-views-zero123");
    let fill = |name: &str, value: Value| {
        let mut values = pictures(&workflow);
        values.insert(name.to_owned(), value);
        workflow.fill(&values)
    };
    let graph = fill("size", json!("320")).unwrap();
    assert_eq!((&graph["3"]["inputs"]["width"], &graph["3"]["inputs"]["height"]), (&json!(320), &json!(320)));
    assert!(matches!(fill("size", json!(4096)), Err(InputError::OutOfRange { .. })));
    assert!(matches!(fill("steps", json!(2.5)), Err(InputError::WrongType { .. })));
    assert!(matches!(fill("seed", json!(-1)), Err(InputError::WrongType { .. })));
    assert!(matches!(fill("colour", json!("red")), Err(InputError::Unknown { .. })));
    assert_eq!(workflow.fill(&BTreeMap::new()), Err(InputError::PictureMissing("picture".into())));
}

#[test]
fn what_newer_servers_and_custom_nodes_take_is_left_to_them() {
    let newer = server(|info| {
        info["ModelSamplingAuraFlow"]["input"]["required"]["sampling"] =
            json!(["COMBO", { "options": ["flow", "x"] }]);
        info["SaveGLB"]["input"]["required"]["files"] =
            json!(["COMFY_AUTOGROW_V3", { "template": { "min": 1 } }]);
        info["SaveGLB"]["input"]["required"]["tint"] = json!(["COLOR", {}]);
        info["SaveGLB"]["input"]["required"]["scale"] = json!(["FLOAT,INT", {}]);
    });
    let mut workflow = workflow("image-to-mesh-hunyuan3d");
    let inputs = workflow.graph["36"]["inputs"].as_object_mut().unwrap();
    inputs.extend([("tint".into(), json!("#fff")), ("scale".into(), json!(2))]);
    let found = check(&workflow, &newer);
    let faults: Vec<&Fault> = found.problems.iter().map(|problem| &problem.fault).collect();
    assert!(matches!(faults.as_slice(), [Fault::ModelNotInstalled { .. }]), "{faults:?}");
    assert_eq!(found.graph["32"]["inputs"]["sampling"], "flow");

    workflow.graph["36"]["inputs"]["mesh"] = json!("a text");
    let found = check(&workflow, &newer).problems;
    assert!(found.iter().any(|problem| matches!(problem.fault, Fault::WrongType { .. })), "{found:?}");
}

#[test]
fn sides_that_are_not_given_are_left_out() {
    let workflow = workflow("views-to-mesh-hunyuan3d");
    let front = BTreeMap::from([("front".to_owned(), json!("f.png")), ("back".to_owned(), json!("b.png"))]);
    let graph = workflow.fill(&front).unwrap();
    let sides: Vec<&String> = graph["30"]["inputs"].as_object().unwrap().keys().collect();
    assert_eq!(sides, ["back", "front"]);
    assert!(!graph.contains_key("11") && !graph.contains_key("21") && graph.contains_key("22"));
}

#[test]
fn a_graph_of_ones_own_gets_a_manifest_from_its_nodes() {
    let own = workflow("text-to-image-sd15");
    let text = serde_json::to_string(&own.graph).unwrap();
    let inferred = Workflow::parse("mine", text.as_bytes(), None).unwrap().manifest;
    assert_eq!(inferred.kind, Kind::TextToImage);
    for name in ["prompt", "negative_prompt", "seed", "steps", "cfg", "width", "height", "count"] {
        assert!(inferred.inputs.iter().any(|input| input.name == name), "{name}");
    }
    let mesh = workflow("views-to-mesh-hunyuan3d");
    let inferred = Workflow::parse("mine", &serde_json::to_vec(&mesh.graph).unwrap(), None).unwrap().manifest;
    assert_eq!((inferred.kind, inferred.outputs[0].kind), (Kind::ViewsToMesh, OutputKind::Mesh));
}

#[test]
fn a_folder_gives_what_can_be_read_and_says_why_the_rest_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let own = serde_json::to_vec(&workflow("image-to-depth-lotus").graph).unwrap();
    std::fs::write(folder.path().join("good.json"), &own).unwrap();
    std::fs::write(folder.path().join("ui.json"), r#"{"nodes":[],"links":[],"version":0.4}"#).unwrap();
    std::fs::write(folder.path().join("with.json"), &own).unwrap();
    std::fs::write(folder.path().join("with.toml"), "title = \"x\"").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let read = Workflow::load_folder(folder.path());
    let results: Vec<(String, Option<String>)> = read
        .into_iter()
        .map(|(path, read)| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                read.err().map(|error| error.to_string()),
            )
        })
        .collect();
    assert_eq!((results.len(), results[0].clone()), (3, ("good.json".into(), None)));
    assert!(results[1].1.as_ref().unwrap().contains("Export (API)"));
    assert!(results[2].1.is_some());
    assert!(Workflow::load_folder(&folder.path().join("none")).is_empty());
}

/// A PNG of these chunks, without checksums: nobody here looks at them.
fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(*kind);
        bytes.extend(*data);
        bytes.extend([0; 4]);
    }
    bytes
}

fn glb(json: &Value) -> Vec<u8> {
    let json = json.to_string();
    let words = [2, 20 + json.len() as u32, json.len() as u32].map(u32::to_le_bytes).concat();
    [b"glTF".as_slice(), &words, b"JSON", json.as_bytes()].concat()
}

#[test]
fn graphs_come_out_of_pictures_and_meshes() {
    let graph: Graph = workflow("text-to-image-sd15").graph;
    let text = serde_json::to_string(&graph).unwrap();
    let latin = [b"prompt\0".as_slice(), text.as_bytes()].concat();
    let international = [b"prompt\0\0\0\0\0".as_slice(), text.as_bytes()].concat();
    assert_eq!(
        embedded_graph(&png(&[(b"IHDR", &[0; 13]), (b"tEXt", &latin), (b"IEND", &[])])).unwrap(),
        graph
    );
    assert_eq!(embedded_graph(&png(&[(b"iTXt", &international)])).unwrap(), graph);
    assert_eq!(embedded_graph(&glb(&json!({ "asset": { "extras": { "prompt": text } } }))).unwrap(), graph);
    assert_eq!(embedded_graph(&png(&[(b"IEND", &[])])), Err(EmbeddedError::Nothing));
    assert_eq!(embedded_graph(b"GIF89a"), Err(EmbeddedError::UnknownFormat));
}

#[test]
fn odd_files_are_refused_in_words() {
    type IsExpected = fn(&GraphError) -> bool;
    let corpus: [(&str, IsExpected); 9] = [
        ("", |error| matches!(error, GraphError::NotJson(_))),
        ("[]", |error| *error == GraphError::NotAGraph),
        ("{}", |error| *error == GraphError::NotAGraph),
        ("null", |error| *error == GraphError::NotAGraph),
        (r#"{"nodes": [], "links": [], "version": 0.4}"#, |error| *error == GraphError::UiFormat),
        (r#"{"1": {"class_type": 7, "inputs": {}}}"#, |error| matches!(error, GraphError::NoClass(_))),
        (r#"{"1": {"inputs": {}}}"#, |error| matches!(error, GraphError::NoClass(_))),
        (r#"{"1": {"class_type": "A"}}"#, |error| matches!(error, GraphError::NoInputs(_))),
        (r#"{"1": {"class_type": "A", "inputs": []}}"#, |error| matches!(error, GraphError::NoInputs(_))),
    ];
    for (text, expected) in corpus {
        let error = parse_graph(text.as_bytes()).unwrap_err();
        assert!(expected(&error), "{text}: {error}");
    }
    assert!(matches!(parse_graph("[".repeat(100_000).as_bytes()), Err(GraphError::NotJson(_))));
    let many: Value = (0..3000)
        .map(|id| (id.to_string(), json!({ "class_type": "A", "inputs": {} })))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(parse_graph(many.to_string().as_bytes()), Err(GraphError::TooManyNodes));
    assert_eq!(parse_graph(&vec![b' '; 5 << 20]), Err(GraphError::TooLarge));
    let wrapped = json!({ "prompt": { "1": { "class_type": "A", "inputs": {} } }, "client_id": "x" });
    assert_eq!(parse_graph(wrapped.to_string().as_bytes()).unwrap().len(), 1);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z_0-9]{0,8}".prop_map(Value::from),
        Just(json!(["1", 0])),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]",
        prop::sample::select(vec!["class_type", "inputs", "nodes", "links", "prompt", "image", "KSampler"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    /// Whatever a stranger's file holds, it is refused or checked, never trusted: no panic on the way to a verdict.
    #[test]
    fn any_json_ends_in_a_verdict(nodes in prop::collection::btree_map("[0-9]{1,2}", (prop::sample::select(vec!["KSampler", "LoadImage", "SaveGLB", "CLIPTextEncode", "Nope"]), any_json()), 0..6), other in any_json()) {
        let graph: Value = nodes
            .into_iter()
            .map(|(id, (class, inputs))| (id, json!({ "class_type": class, "inputs": inputs })))
            .collect::<serde_json::Map<_, _>>()
            .into();
        for value in [graph, other] {
            if let Ok(workflow) = Workflow::parse("any", value.to_string().as_bytes(), None) {
                let info = ObjectInfo::parse(value.to_string().as_bytes()).unwrap_or_default();
                let _ = preflight(&workflow.graph, &workflow.manifest, &info);
                let _ = workflow.fill(&BTreeMap::new());
            }
        }
    }

    #[test]
    fn any_bytes_are_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..400) {
        let _ = parse_graph(&bytes);
        let whole = png(&[(b"tEXt", &[b"prompt\0{\"1\":".as_slice(), &bytes].concat()), (b"iTXt", &bytes)]);
        let _ = embedded_graph(&whole[..cut.min(whole.len())]);
        let _ = embedded_graph(&[b"\x89PNG\r\n\x1a\n".as_slice(), &bytes].concat());
        let _ = embedded_graph(&[b"glTF".as_slice(), &bytes].concat());
    }
}
