//! What a rendered file name may be: relative, inside the target, and writable on every system the IaC may be unpacked on.

/// Longest segment that common file systems store, in bytes.
const MAX_SEGMENT: usize = 255;

/// Turns what a file name rendered to into the relative path it is stored under, or says what is wrong with it.
///
/// `.` segments are dropped, as every path library does; everything else that is odd is an error, because a path that
/// silently becomes another path is how files get lost.
pub(crate) fn normalize(rendered: &str) -> Result<String, String> {
    if rendered.is_empty() {
        return Err("it is empty".into());
    }
    if let Some(control) = rendered.chars().find(|letter| letter.is_control()) {
        return Err(format!(
            "it holds the control character U+{:04X}",
            u32::from(control)
        ));
    }
    if rendered.contains('\\') {
        return Err("it holds a backslash; folders are separated by `/`".into());
    }
    if rendered.starts_with('/') || has_drive(rendered) {
        return Err("it is absolute; files can only be written below the plugin's folder".into());
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in rendered.split('/') {
        match segment {
            "." => continue,
            ".." => return Err("`..` leaves the plugin's folder".into()),
            "" => return Err("one of its segments is empty".into()),
            _ => {}
        }
        // Windows drops trailing dots and spaces, so `.. ` is `..` there.
        if segment.trim_matches(['.', ' ']).is_empty() {
            return Err(format!("`{segment}` is not a name"));
        }
        if segment.len() > MAX_SEGMENT {
            return Err(format!(
                "one of its segments is {} bytes long; file systems store at most {MAX_SEGMENT}",
                segment.len()
            ));
        }
        if is_device(segment) {
            return Err(format!("`{segment}` is a reserved name on Windows"));
        }
        kept.push(segment);
    }
    if kept.is_empty() {
        return Err("it is a folder, not a file name".into());
    }
    Ok(kept.join("/"))
}

fn has_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or(segment).trim_end();
    let stem = stem.to_ascii_lowercase();
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") {
        return true;
    }
    let port = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"));
    port.is_some_and(|port| matches!(port.as_bytes(), [b'1'..=b'9']))
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn accepts_what_templates_use() {
        for path in [
            "main.tf",
            "br/com/graphene/App.java",
            ".terraform-version",
            "arn:aws:iam::1:role-policy.tf",
            "com.tf.d/console.tf",
            "ação/ñ.tf",
            "..data/x..",
            "a b.tf",
        ] {
            assert_eq!(normalize(path).as_deref(), Ok(path));
        }
        assert_eq!(normalize("./modules/./a.tf").as_deref(), Ok("modules/a.tf"));
    }

    #[test]
    fn refuses_what_would_be_written_elsewhere() {
        for (path, reason) in [
            ("", "it is empty"),
            (".", "it is a folder, not a file name"),
            ("a/../b", "`..` leaves the plugin's folder"),
            ("..", "`..` leaves the plugin's folder"),
            ("a/.. /b", "`.. ` is not a name"),
            ("a//b", "one of its segments is empty"),
            ("a/", "one of its segments is empty"),
            ("nul", "`nul` is a reserved name on Windows"),
            ("x/COM1.tf", "`COM1.tf` is a reserved name on Windows"),
            ("a\0b", "it holds the control character U+0000"),
            ("a\nb", "it holds the control character U+000A"),
            ("a\\b", "it holds a backslash; folders are separated by `/`"),
            (
                "/etc/passwd",
                "it is absolute; files can only be written below the plugin's folder",
            ),
            (
                "C:x",
                "it is absolute; files can only be written below the plugin's folder",
            ),
        ] {
            assert_eq!(normalize(path), Err(reason.to_owned()), "{path:?}");
        }
        assert!(normalize(&"x".repeat(256)).is_err());
    }
}
