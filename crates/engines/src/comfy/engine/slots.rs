//! Which picture of a workflow is which side of the object.

use oreforge_protocol::ViewSlot;

use crate::comfy::Made;
use crate::comfy::workflow::{InputKind, OutputKind, Workflow};

/// A camera this far off still shows the side.
const TOLERANCE_DEG: f32 = 12.0;
/// Of picture inputs that no manifest names: as in core's multi-view node.
const INPUT_ORDER: [ViewSlot; 4] = [ViewSlot::Front, ViewSlot::Left, ViewSlot::Back, ViewSlot::Right];

/// Names of its inputs that take a picture.
pub(super) fn picture_inputs(workflow: &Workflow) -> impl Iterator<Item = String> {
    let inputs = workflow.manifest.inputs.iter().filter(|input| input.kind == InputKind::Picture);
    inputs.map(|input| input.name.clone())
}

/// The side that each picture input takes: by its name, else by its place.
pub(super) fn sides_of_inputs(workflow: &Workflow) -> impl Iterator<Item = (String, ViewSlot)> {
    picture_inputs(workflow).zip(INPUT_ORDER).map(|(name, by_place)| {
        let slot = name.parse().unwrap_or(by_place);
        (name, slot)
    })
}

/// The node whose file is the mesh.
pub(super) fn mesh_node(workflow: &Workflow) -> &str {
    let outputs = &workflow.manifest.outputs;
    let mesh = outputs.iter().find(|output| output.kind == OutputKind::Mesh).or(outputs.first());
    mesh.map_or("", |output| &output.node)
}

/// The pictures that show these sides best. Cameras that a manifest does not place stand evenly around the
/// object, the first at its front.
pub(super) fn named<'a>(
    workflow: &Workflow,
    made: &'a [Made],
    slots: &[ViewSlot],
) -> Vec<(ViewSlot, &'a Made)> {
    let output = workflow.manifest.outputs.iter().find(|output| output.kind == OutputKind::Images);
    let pictures: Vec<&Made> =
        made.iter().filter(|made| output.is_none_or(|output| made.file.node_id == output.node)).collect();
    let told = output.map(|output| output.azimuths_deg.as_slice()).unwrap_or_default();
    let azimuths_deg: Vec<f32> = if told.len() == pictures.len() {
        told.to_vec()
    } else {
        (0..pictures.len()).map(|index| 360.0 * index as f32 / pictures.len() as f32).collect()
    };
    let nearest = |slot: &ViewSlot| {
        let off = |azimuth_deg: f32| {
            let difference = (azimuth_deg - slot.azimuth_deg()).rem_euclid(360.0);
            difference.min(360.0 - difference)
        };
        let (index, off_deg) = azimuths_deg
            .iter()
            .map(|&azimuth_deg| off(azimuth_deg))
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        (off_deg <= TOLERANCE_DEG).then(|| (*slot, pictures[index]))
    };
    slots.iter().filter_map(nearest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oreforge_protocol::{OutputFile, ServerFolder};

    fn made(count: usize, node: &str) -> Vec<Made> {
        (0..count)
            .map(|index| Made {
                file: OutputFile {
                    node_id: node.to_owned(),
                    kind: "images".to_owned(),
                    file_name: index.to_string(),
                    subfolder: String::new(),
                    folder: ServerFolder::Output,
                },
                bytes: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn cameras_find_their_slots() {
        let all = [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left];
        for (name, node, count, wanted) in [
            ("image-to-views-zero123", "6", 4, ["0", "1", "2", "3"]),
            ("image-to-views-sv3d", "7", 21, ["0", "5", "10", "15"]),
            // More views than the manifest places.
            ("image-to-views-zero123", "6", 8, ["0", "2", "4", "6"]),
        ] {
            let workflow = Workflow::built_in().into_iter().find(|workflow| workflow.name == name).unwrap();
            let made = made(count, node);
            let found = named(&workflow, &made, &all);
            let names: Vec<_> = found.iter().map(|(_, made)| made.file.file_name.as_str()).collect();
            assert_eq!(names, wanted, "{name}");
            let two = named(&workflow, &made[..2], &all);
            assert_eq!(
                two.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(),
                [ViewSlot::Front, ViewSlot::Back]
            );
        }
    }

    #[test]
    fn inputs_take_the_sides_they_are_named_after() {
        let built_in = Workflow::built_in();
        let sides = |name: &str| -> Vec<_> {
            sides_of_inputs(built_in.iter().find(|workflow| workflow.name == name).unwrap()).collect()
        };
        let named = |name: &str, slot| (name.to_owned(), slot);
        assert_eq!(sides("image-to-mesh-hunyuan3d"), [named("picture", ViewSlot::Front)]);
        assert_eq!(
            sides("views-to-mesh-hunyuan3d"),
            [
                named("front", ViewSlot::Front),
                named("left", ViewSlot::Left),
                named("back", ViewSlot::Back),
                named("right", ViewSlot::Right)
            ]
        );
    }
}
