#![doc = include_str!("../README.md")]

pub mod outputs;
pub mod policy;
pub mod project;
pub mod values;

/// The two ways to write Terraform.
#[derive(Clone, Copy)]
enum Syntax {
    Native,
    Json,
}

impl Syntax {
    fn of(file: &str) -> Option<Self> {
        let name = file.rsplit('/').next().unwrap_or(file);
        let backup = name.starts_with('#') && name.ends_with('#');
        if name.starts_with('.') || name.ends_with('~') || backup {
            return None;
        }
        if name.ends_with(".tf") || name.ends_with(".tofu") {
            Some(Self::Native)
        } else if name.ends_with(".tf.json") || name.ends_with(".tofu.json") {
            Some(Self::Json)
        } else {
            None
        }
    }
}

fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let breaks = before.iter().filter(|&&byte| byte == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}
