use oreforge_protocol::SampleInfo;

struct Sample {
    name: &'static str,
    file_name: &'static str,
    bytes: &'static [u8],
}

macro_rules! samples {
    ($($name:literal),*) => {
        &[$(Sample {
            name: $name,
            file_name: concat!($name, ".png"),
            bytes: include_bytes!(concat!("../../../assets/samples/", $name, ".png")),
        }),*]
    };
}

static SAMPLES: &[Sample] =
    samples!("robot", "duck", "t-rex", "penguin", "teapot", "amphora", "mushroom", "house", "coffee");

pub(crate) fn list() -> Vec<SampleInfo> {
    SAMPLES
        .iter()
        .map(|sample| SampleInfo { name: sample.name.to_owned(), file_name: sample.file_name.to_owned() })
        .collect()
}

/// File name and bytes.
pub(crate) fn find(name: &str) -> Option<(&'static str, &'static [u8])> {
    SAMPLES.iter().find(|sample| sample.name == name).map(|sample| (sample.file_name, sample.bytes))
}
