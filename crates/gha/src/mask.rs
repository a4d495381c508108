use secrecy::{ExposeSecret, SecretString};

/// Shorter values are not masked: replacing every `1` or `no` of a log hides nothing and makes it unreadable.
pub(crate) const SHORTEST: usize = 4;

/// What a masked value is replaced by; the runner uses the same.
const MASK: &str = "***";

/// The values that must not be printed, and their replacement.
#[derive(Default)]
pub(crate) struct Masks {
    values: Vec<SecretString>,
}

impl Masks {
    /// Adds the lines of a secret and returns those that were not known yet, for the runner. Beside each line, its form inside a
    /// JSON string is masked, which is how it would appear in a document; other encodings (base64, URL) are not known here.
    pub(crate) fn add(&mut self, secret: &SecretString) -> Vec<String> {
        let mut added = Vec::new();
        for line in secret.expose_secret().lines().map(str::trim) {
            let forms = [Some(line.to_owned()), json_form(line)];
            for form in forms.into_iter().flatten() {
                let known = self
                    .values
                    .iter()
                    .any(|known| known.expose_secret() == form);
                if known || form.chars().count() < SHORTEST {
                    continue;
                }
                self.values.push(SecretString::from(form.as_str()));
                added.push(form);
            }
        }
        added
    }

    /// The line with every masked value replaced. All matches are found before any is replaced, so that of two secrets that
    /// overlap or contain each other nothing is left over.
    pub(crate) fn apply(&self, line: &str) -> String {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for value in &self.values {
            let value = value.expose_secret();
            let mut from = 0;
            while let Some(found) = line.get(from..).and_then(|rest| rest.find(value)) {
                let start = from + found;
                ranges.push((start, start + value.len()));
                let step = value.chars().next().map_or(1, char::len_utf8);
                from = start + step;
            }
        }
        ranges.sort_unstable();
        let mut result = String::with_capacity(line.len());
        let mut end = 0;
        for (start, stop) in ranges {
            if start >= end {
                result.push_str(line.get(end..start).unwrap_or_default());
                result.push_str(MASK);
            }
            end = end.max(stop);
        }
        result.push_str(line.get(end..).unwrap_or_default());
        result
    }
}

/// The line as it stands between the quotes of a JSON string, if that differs.
fn json_form(line: &str) -> Option<String> {
    let quoted = serde_json::to_string(line).ok()?;
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (inner != line).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        let mut masks = Masks::default();
        for &secret in secrets {
            masks.add(&SecretString::from(secret));
        }
        masks
    }

    #[test]
    fn overlapping_and_nested_secrets_leave_nothing() {
        let masks = masks(&["password", "password-2024", "2024-key"]);
        assert_eq!(masks.apply("a password-2024-key b"), "a *** b");
        assert_eq!(masks.apply("passwordpassword"), "******");
        assert_eq!(self::masks(&["abab"]).apply("xababaty"), "x***aty");
        assert_eq!(self::masks(&["abab"]).apply("xabababy"), "x***y");
        assert_eq!(self::masks(&["ééé-"]).apply("éééé-x"), "é***x");
    }

    #[test]
    fn each_line_and_its_json_form_is_masked() {
        let mut masks = Masks::default();
        let secret = SecretString::from("-----BEGIN\r\nab\"cd\\ef\n}\n");
        let added = masks.add(&secret);
        assert_eq!(added, ["-----BEGIN", "ab\"cd\\ef", "ab\\\"cd\\\\ef"]);
        assert_eq!(masks.apply(r#"{"k": "ab\"cd\\ef"}"#), r#"{"k": "***"}"#);
        assert_eq!(masks.apply("}"), "}");
        assert!(masks.add(&secret).is_empty(), "already known");
    }

    #[test]
    fn short_values_are_left_alone() {
        assert_eq!(masks(&["abc"]).apply("abc"), "abc");
        assert_eq!(masks(&[""]).apply("abc"), "abc");
    }
}
