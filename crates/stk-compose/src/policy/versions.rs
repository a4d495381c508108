//! Version constraints, as Terraform writes them (hashicorp/go-version).

use std::cmp::Ordering;

use super::RequiredVersion;

impl RequiredVersion {
    /// Whether a released version meets the constraint; `None` when the constraint cannot be judged here (a
    /// pre-release in it, or something that is no constraint), which is Terraform's to do.
    #[must_use]
    pub fn is_met_by(&self, version: [u64; 3]) -> Option<bool> {
        let parts = self.constraint.split(',').map(|part| is_met(part, version));
        // All are read, so that one which cannot be judged is not passed over.
        let judged: Option<Vec<bool>> = parts.collect();
        judged.map(|judged| judged.into_iter().all(|met| met))
    }
}

fn is_met(part: &str, version: [u64; 3]) -> Option<bool> {
    let part = part.trim();
    let number = part.trim_start_matches(['=', '!', '<', '>', '~']);
    let operator = part.strip_suffix(number)?;
    let given: Vec<u64> = number
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map(|digits| digits.parse().ok())
        .collect::<Option<_>>()?;
    if given.len() > 3 {
        return None;
    }
    let at = |index: usize| given.get(index).copied().unwrap_or_default();
    let order = version.cmp(&[at(0), at(1), at(2)]);
    Some(match operator {
        "" | "=" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        // The last part that is given may grow, the ones before it not.
        "~>" => {
            let fixed = given.len().saturating_sub(1);
            order != Ordering::Less && version.iter().zip(&given).take(fixed).all(|(a, b)| a == b)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_judged_as_terraform_does() {
        let cases = [
            (">= 1.5", Some(true)),
            (">= 1.5, < 1.11", Some(false)),
            (">=1.5,<2", Some(true)),
            ("~> 1.11.2", Some(true)),
            ("~> 1.11", Some(true)),
            ("~> 1.10.2", Some(false)),
            ("~> 1", Some(true)),
            ("1.11.4", Some(true)),
            ("= v1.11.4", Some(true)),
            ("= 1.11", Some(false)),
            ("!= 1.11.4", Some(false)),
            ("<= 1.11.4, > 1.11.3", Some(true)),
            ("> 1.11.4", Some(false)),
            (">= 1.5, >= 1.6.0-beta1", None),
            ("", None),
            ("latest", None),
            ("=> 1", None),
            ("1.2.3.4", None),
        ];
        for (constraint, met) in cases {
            let required = RequiredVersion {
                file: "main.tf".into(),
                line: 1,
                constraint: constraint.into(),
            };
            assert_eq!(required.is_met_by([1, 11, 4]), met, "{constraint}");
        }
    }
}
