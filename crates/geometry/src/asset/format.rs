use std::fmt;
use std::str::FromStr;

/// A kind of mesh file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Glb,
    Gltf,
    Obj,
    Stl,
    Ply,
    /// Written only.
    Fbx,
    /// Written only.
    Usdz,
}

impl Format {
    pub const ALL: [Format; 7] =
        [Format::Glb, Format::Gltf, Format::Obj, Format::Stl, Format::Ply, Format::Fbx, Format::Usdz];

    /// File name ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Glb => "glb",
            Format::Gltf => "gltf",
            Format::Obj => "obj",
            Format::Stl => "stl",
            Format::Ply => "ply",
            Format::Fbx => "fbx",
            Format::Usdz => "usdz",
        }
    }

    /// By the bytes where they tell, else by the file name: OBJ has no magic number.
    pub fn of(bytes: &[u8], file_name: &str) -> Option<Self> {
        if bytes.starts_with(b"glTF") {
            return Some(Format::Glb);
        }
        if bytes.starts_with(b"ply\n") || bytes.starts_with(b"ply\r") {
            return Some(Format::Ply);
        }
        let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        ending?.parse().ok().filter(|&format| format != Format::Glb && format != Format::Ply)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Glb => "GLB",
            Format::Gltf => "glTF",
            Format::Obj => "OBJ",
            Format::Stl => "STL",
            Format::Ply => "PLY",
            Format::Fbx => "FBX",
            Format::Usdz => "USDZ",
        })
    }
}

impl FromStr for Format {
    type Err = ();

    /// From a file name's ending.
    fn from_str(ending: &str) -> Result<Self, ()> {
        Format::ALL.into_iter().find(|format| format.extension() == ending).ok_or(())
    }
}
