//! Every built-in workflow runs on the fake, from preflight to bytes.

use std::collections::BTreeMap;

use oreforge_engines::comfy::preflight::{ObjectInfo, preflight};
use oreforge_engines::comfy::workflow::{InputKind, OutputKind, Workflow};
use oreforge_tests::fake_comfy::{Boundary, FakeComfy, Options};
use serde_json::{Value, json};

use crate::client::{http, soon};

#[tokio::test]
async fn built_in_workflows_give_their_outputs() {
    let fake = FakeComfy::start(Options::default());
    let all = Workflow::built_in();
    let mut models: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for model in all.iter().flat_map(|workflow| &workflow.manifest.models) {
        models.entry(&model.folder).or_default().push(&model.names[0]);
    }
    models.iter().for_each(|(folder, names)| fake.set_models(folder, names));
    let picture = image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb(if (20..44).contains(&x) && (8..60).contains(&y) { [150, 60, 40] } else { [255; 3] })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    fake.put_input("object.png", &bytes.into_inner());
    let get = async |path: &str| {
        let answer = soon("an answer", http().get(format!("{}{path}", fake.url())).send()).await.unwrap();
        soon("a body", answer.bytes()).await.unwrap()
    };
    let server = ObjectInfo::parse(&get("/object_info").await).unwrap();

    for (index, workflow) in all.iter().enumerate() {
        let values = workflow.manifest.inputs.iter().filter_map(|input| match input.kind {
            InputKind::Picture => Some((input.name.clone(), json!("object.png"))),
            _ if input.name == "steps" => Some((input.name.clone(), json!(5))),
            _ => None,
        });
        let checked = preflight(&workflow.fill(&values.collect()).unwrap(), &workflow.manifest, &server);
        assert_eq!(checked.problems, [], "{}", workflow.name);
        let body = json!({ "prompt": checked.graph, "prompt_id": workflow.name }).to_string();
        let posted =
            soon("an answer", http().post(format!("{}/prompt", fake.url())).body(body).send()).await.unwrap();
        assert!(posted.status().is_success(), "{}: {}", workflow.name, posted.text().await.unwrap());
        soon("the end", fake.reached(&Boundary::message("status", 2 * (index + 1)))).await;
        let history: Value =
            serde_json::from_slice(&get(&format!("/history/{}", workflow.name)).await).unwrap();
        for output in &workflow.manifest.outputs {
            let (key, magic): (&str, &[u8]) = match output.kind {
                OutputKind::Images => ("images", b"\x89PNG"),
                OutputKind::Mesh => ("3d", b"glTF"),
            };
            let files = history[&workflow.name]["outputs"][&output.node][key].as_array().unwrap();
            assert_eq!(files.len(), output.azimuths_deg.len().max(1), "{}", workflow.name);
            for file in files {
                let place = |key: &str| file[key].as_str().unwrap();
                let view = format!("/view?filename={}&subfolder={}", place("filename"), place("subfolder"));
                assert!(get(&view).await.starts_with(magic), "{}", workflow.name);
            }
        }
    }
}
