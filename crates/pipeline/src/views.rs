//! Views of an object: made, looked at, read back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use image::RgbaImage;
use oreforge_engines::comfy::in_place_of;
use oreforge_engines::{Engine, EngineName, StepContext, SurfaceInput, ViewPicture, blocking};
use oreforge_geometry::picture;
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, GateReport, GateVerdict, LogLevel, StepName, ViewSlot,
};
use serde_json::Value;

use crate::contract::{NewArtifact, StepError, StepHost, StepInputs};
use crate::gate::{self, SeenView};
use crate::run::unreadable;

/// Sets of views that are made before the gate has the last word.
const MAX_SETS: u64 = 3;

/// What was made by versions that did not say.
const UNSAID: [ViewSlot; 5] =
    [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::ThreeQuarter];

/// Names of facts of the views step; the first is one of the mesh step too.
pub(crate) const ENGINE: &str = "engine";
const SLOTS: &str = "slots";

/// Makes and publishes the views; a set that the gate would refuse is made again with another seed, where a seed
/// makes a difference and nobody said that any will do.
pub(crate) async fn make(
    engine: &dyn Engine,
    context: &Arc<StepContext>,
    input: &SurfaceInput,
    host: &StepHost,
) -> Result<BTreeMap<String, Value>, StepError> {
    let sets = if engine.name() == EngineName::Draft || input.params.accept_views { 1 } else { MAX_SETS };
    let mut best: Option<(u32, Set)> = None;
    let mut newest = 0;
    for number in 0..sets {
        let set = make_set(engine, context, &seeded(input, number), host).await?;
        newest = number;
        let report = if sets > 1 { Some(look_at(&set, engine, input, host).await?) } else { None };
        let score = report.as_ref().map_or(0, total_score);
        let refused = report.filter(|report| report.verdict == GateVerdict::Refuse);
        if best.as_ref().is_none_or(|(best, _)| score > *best) {
            best = Some((score, Set { number, ..set }));
        }
        let Some(report) = refused else { break };
        if number + 1 < sets {
            let reasons = report.reasons.join(" ");
            host.sink.log(
                LogLevel::Warn,
                format!(
                    "The views do not show the picture, so they are made again with another seed. {reasons}"
                ),
            );
        }
    }
    let Some((_, best)) = best else {
        return Err(ErrorReport::new(ErrorCode::EngineFailed, "No views were made.").into());
    };
    if best.number != newest {
        // What is visible is the newest set.
        let (sink, pictures) = (Arc::clone(&host.sink), best.pictures.clone());
        blocking(&host.cancel, move |cancel| {
            for view in pictures.iter() {
                cancel.check()?;
                sink.publish(view_artifact(view))?;
            }
            Ok::<(), StepError>(())
        })
        .await?;
    }
    let mut facts = best.facts;
    facts.insert(ENGINE.to_owned(), engine.name().to_string().into());
    let slots: Vec<&str> = engine.slots().iter().map(|slot| slot.as_str()).collect();
    facts.insert(SLOTS.to_owned(), slots.into());
    if newest > 0 {
        facts.insert("sets_made".to_owned(), (newest + 1).into());
    }
    Ok(facts)
}

struct Set {
    number: u64,
    pictures: Arc<Vec<ViewPicture>>,
    facts: BTreeMap<String, Value>,
}

fn seeded(input: &SurfaceInput, number: u64) -> SurfaceInput {
    let mut input = input.clone();
    input.params.seed = input.params.seed.wrapping_add(number);
    input
}

async fn make_set(
    engine: &dyn Engine,
    context: &Arc<StepContext>,
    input: &SurfaceInput,
    host: &StepHost,
) -> Result<Set, StepError> {
    // Engines hand views over where they must not be held up; files are written elsewhere, in their order.
    let (hand_over, handed_over) = mpsc::channel::<ViewPicture>();
    let (sink, kept) = (Arc::clone(&host.sink), Arc::new(Mutex::new(Vec::new())));
    let keep = Arc::clone(&kept);
    let publishing = blocking(&host.cancel, move |cancel| {
        for view in handed_over {
            cancel.check()?;
            sink.publish(view_artifact(&view))?;
            keep.lock().unwrap_or_else(PoisonError::into_inner).push(view);
        }
        Ok::<(), StepError>(())
    });
    let drawing = async move {
        // A publisher that is gone says itself why.
        engine.views(context, input, &|view| drop(hand_over.send(view))).await
    };
    let (facts, published) = tokio::join!(drawing, publishing);
    published?;
    let pictures = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Set { number: 0, pictures: Arc::new(pictures), facts: facts? })
}

async fn look_at(
    set: &Set,
    engine: &dyn Engine,
    input: &SurfaceInput,
    host: &StepHost,
) -> Result<GateReport, StepError> {
    let (pictures, cutout) = (Arc::clone(&set.pictures), Arc::clone(&input.cutout));
    let slots = engine.slots();
    blocking(&host.cancel, move |cancel| {
        let seen: Vec<SeenView> = slots
            .iter()
            .map(|&slot| {
                let view = pictures.iter().find(|view| view.slot == slot);
                let missing = || "the engine did not make it.".to_owned();
                SeenView { slot, picture: view.map(|view| view.picture.clone()).ok_or_else(missing) }
            })
            .collect();
        Ok(gate::assess(&cutout, &seen, cancel)?)
    })
    .await
}

fn total_score(report: &GateReport) -> u32 {
    report.views.iter().map(|view| u32::from(view.score)).sum()
}

fn view_artifact(view: &ViewPicture) -> NewArtifact {
    NewArtifact {
        kind: ArtifactKind::View,
        slot: Some(view.slot),
        number: None,
        bytes: picture::encode_png(&view.picture),
        stats: None,
    }
}

/// The views the gate has to look at: those the views step was to make.
pub(crate) fn seen(inputs: &dyn StepInputs) -> Result<Vec<SeenView>, StepError> {
    let facts = facts(inputs)?;
    let named = facts.get(SLOTS).and_then(Value::as_array).into_iter().flatten();
    let slots: Vec<ViewSlot> = named.filter_map(Value::as_str).filter_map(|slot| slot.parse().ok()).collect();
    let slots = if slots.is_empty() { UNSAID.to_vec() } else { slots };
    Ok(slots.into_iter().map(|slot| SeenView { slot, picture: read_view(inputs, slot) }).collect())
}

/// The input of a mesh engine, with the views the job has. The draft engine makes its own; those of another engine
/// it takes as if the artist had given them, where the artist gave none.
pub(crate) fn added(
    mut input: SurfaceInput,
    mesh_engine: EngineName,
    inputs: &dyn StepInputs,
) -> Result<SurfaceInput, StepError> {
    if made_by_draft(inputs)? && mesh_engine == EngineName::Draft {
        return Ok(input);
    }
    let made: BTreeMap<ViewSlot, RgbaImage> = pictures(inputs)?;
    if mesh_engine == EngineName::Draft {
        let mut given = (*input.given_views).clone();
        for (slot, picture) in made.into_iter().filter(|(slot, _)| *slot != ViewSlot::Front) {
            given.entry(slot).or_insert(picture);
        }
        input.given_views = Arc::new(given);
    } else {
        input.views = Arc::new(made);
    }
    Ok(input)
}

/// The sides that can be in each other's place: the picture itself, those the artist gave, and those an engine made
/// that guesses. What the draft engine draws of its own solid fits together whatever it was made from.
pub(crate) fn to_compare<'a>(
    input: &'a SurfaceInput,
    inputs: &dyn StepInputs,
) -> Result<BTreeMap<ViewSlot, Cow<'a, RgbaImage>>, StepError> {
    let made = if made_by_draft(inputs)? { BTreeMap::new() } else { pictures(inputs)? };
    let mut sides: BTreeMap<_, _> =
        made.into_iter().map(|(slot, picture)| (slot, Cow::Owned(picture))).collect();
    sides.extend(input.given_views.iter().map(|(&slot, picture)| (slot, Cow::Borrowed(picture))));
    sides.insert(ViewSlot::Front, Cow::Borrowed(&*input.cutout));
    Ok(sides)
}

fn made_by_draft(inputs: &dyn StepInputs) -> Result<bool, StepError> {
    let engine = facts(inputs)?.get(ENGINE).and_then(Value::as_str).map(str::to_owned);
    Ok(engine.is_none_or(|engine| engine == EngineName::Draft.to_string()))
}

/// Views that give a surface from elsewhere its colours; the picture itself in the place of what was made of its
/// own side.
pub(crate) fn for_colours(
    cutout: &RgbaImage,
    inputs: &dyn StepInputs,
) -> Result<Vec<ViewPicture>, StepError> {
    let mut views = Vec::new();
    for (slot, made) in pictures(inputs)? {
        let picture = if slot == ViewSlot::Front { in_place_of(&made, cutout) } else { made };
        views.push(ViewPicture { slot, picture });
    }
    Ok(views)
}

fn facts(inputs: &dyn StepInputs) -> Result<BTreeMap<String, Value>, StepError> {
    let reports = inputs.reports()?;
    Ok(reports
        .into_iter()
        .find(|report| report.name == StepName::Views)
        .map(|report| report.facts)
        .unwrap_or_default())
}

fn pictures(inputs: &dyn StepInputs) -> Result<BTreeMap<ViewSlot, RgbaImage>, StepError> {
    let mut pictures = BTreeMap::new();
    for slot in ViewSlot::ALL {
        match inputs.artifact(ArtifactKind::View, Some(slot)) {
            Ok(bytes) => {
                let picture = picture::decode(&bytes, &picture::Limits::default());
                pictures.insert(slot, picture.map_err(|error| unreadable("A view", &error))?);
            }
            Err(report) if report.code == ErrorCode::ArtifactNotFound => {}
            Err(report) => return Err(report.into()),
        }
    }
    Ok(pictures)
}

fn read_view(inputs: &dyn StepInputs, slot: ViewSlot) -> Result<RgbaImage, String> {
    let bytes = inputs.artifact(ArtifactKind::View, Some(slot)).map_err(|report| report.message)?;
    picture::decode(&bytes, &picture::Limits::default()).map_err(|error| error.to_string())
}
