//! `required_providers` of several plugins in one project.

use std::collections::BTreeMap;

use super::facts::{Facts, Requirement, place};
use super::{ComposeError, Module, Note, Place};

/// A provider's whole source: one is left out of the registry's address, or of the owner.
pub(super) fn address(source: Option<&str>, name: &str) -> String {
    let source = match source {
        Some(source) => source.to_lowercase(),
        None if name == "terraform" => return "terraform.io/builtin/terraform".to_owned(),
        None => name.to_lowercase(),
    };
    match source.split('/').count() {
        1 => format!("registry.terraform.io/hashicorp/{source}"),
        2 => format!("registry.terraform.io/{source}"),
        _ => source,
    }
}

struct Found<'a> {
    alias: &'a str,
    requirement: &'a Requirement,
}

impl Found<'_> {
    fn place(&self) -> Place {
        place(self.alias, &self.requirement.file, self.requirement.line)
    }
}

/// Versions that cannot be met together are errors, and one name for two providers is a note.
pub(super) fn check(
    modules: &[Module<'_>],
    facts: &[Facts],
    errors: &mut Vec<ComposeError>,
    notes: &mut Vec<Note>,
) {
    let mut names: BTreeMap<&str, BTreeMap<String, Found<'_>>> = BTreeMap::new();
    // By provider and by constraint: the first that asks for it.
    let mut versions: BTreeMap<String, BTreeMap<&str, Found<'_>>> = BTreeMap::new();
    for (module, facts) in modules.iter().zip(facts) {
        for requirement in &facts.requirements {
            let alias = module.alias;
            let provider = address(requirement.source.as_deref(), &requirement.name);
            names
                .entry(&requirement.name)
                .or_default()
                .entry(provider.clone())
                .or_insert(Found { alias, requirement });
            if let Some(version) = &requirement.version {
                versions
                    .entry(provider)
                    .or_default()
                    .entry(version)
                    .or_insert(Found { alias, requirement });
            }
        }
    }
    for (name, providers) in &names {
        let mut providers = providers.iter();
        if let Some((first, first_found)) = providers.next() {
            for (second, found) in providers {
                notes.push(Note::Sources {
                    name: (*name).to_owned(),
                    first: first.clone(),
                    first_place: Box::new(first_found.place()),
                    second: second.clone(),
                    second_place: Box::new(found.place()),
                });
            }
        }
    }
    for (provider, constraints) in &versions {
        let ranges: Vec<_> = constraints
            .iter()
            .map(|(text, found)| (*text, found, Range::of(text)))
            .collect();
        // Each with each: of ranges that overlap in pairs, all overlap.
        for (index, (first, first_found, first_range)) in ranges.iter().enumerate() {
            for (second, second_found, second_range) in ranges.iter().skip(index + 1) {
                if first_range.overlaps(second_range) {
                    continue;
                }
                errors.push(ComposeError::Versions {
                    provider: provider.clone(),
                    first: (*first).to_owned(),
                    first_place: Box::new(first_found.place()),
                    second: (*second).to_owned(),
                    second_place: Box::new(second_found.place()),
                });
            }
        }
    }
}

type Version = [u64; 3];

/// The versions that a constraint allows, or more: what is not understood allows all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    /// The lowest version, and whether it belongs to the range.
    low: Option<(Version, bool)>,
    high: Option<(Version, bool)>,
}

impl Range {
    fn of(constraints: &str) -> Self {
        let mut range = Self {
            low: None,
            high: None,
        };
        for constraint in constraints.split(',').map(str::trim) {
            let digits = constraint.find(|letter: char| letter.is_ascii_digit());
            let (operator, version) = constraint.split_at(digits.unwrap_or(constraint.len()));
            let Some((version, parts)) = parse(version.trim()) else {
                continue;
            };
            match operator.trim() {
                "" | "=" => {
                    range.raise(version, true);
                    range.lower(version, true);
                }
                ">=" => range.raise(version, true),
                ">" => range.raise(version, false),
                "<=" => range.lower(version, true),
                "<" => range.lower(version, false),
                "~>" => {
                    range.raise(version, true);
                    match parts {
                        2 => range.lower([version[0].saturating_add(1), 0, 0], false),
                        3 => range.lower([version[0], version[1].saturating_add(1), 0], false),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        range
    }

    fn raise(&mut self, version: Version, inclusive: bool) {
        let stricter = self.low.is_none_or(|(low, included)| {
            version > low || (version == low && included && !inclusive)
        });
        if stricter {
            self.low = Some((version, inclusive));
        }
    }

    fn lower(&mut self, version: Version, inclusive: bool) {
        let stricter = self.high.is_none_or(|(high, included)| {
            version < high || (version == high && included && !inclusive)
        });
        if stricter {
            self.high = Some((version, inclusive));
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let mut both = *self;
        if let Some((version, inclusive)) = other.low {
            both.raise(version, inclusive);
        }
        if let Some((version, inclusive)) = other.high {
            both.lower(version, inclusive);
        }
        match (both.low, both.high) {
            (Some((low, low_in)), Some((high, high_in))) => {
                low < high || (low == high && low_in && high_in)
            }
            _ => true,
        }
    }
}

/// A version with the number of its parts that are given; `None` for one with more than numbers.
fn parse(text: &str) -> Option<(Version, usize)> {
    let mut version = [0; 3];
    let mut parts = 0;
    for part in text.split('.') {
        *version.get_mut(parts)? = part.parse().ok()?;
        parts += 1;
    }
    Some((version, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_overlap_as_terraform_reads_them() {
        for (first, second, overlap) in [
            ("~> 4.0", ">= 5.0", false),
            ("~> 4.0", ">= 4.67", true),
            ("~> 4", ">= 5.0", true),
            ("~> 4.16.1", ">= 4.17", false),
            ("~> 4.16.1", ">= 4.16.9", true),
            ("= 5.0.0", "5.0.0", true),
            ("= 5.0.0", "5.0.1", false),
            ("5.0", "!= 5.0", true),
            ("< 5.0", ">= 5.0", false),
            ("<= 5.0", ">= 5.0.0", true),
            ("<= 5.0", "> 5.0", false),
            (">= 3.0, < 5.0", "> 4.9", true),
            (">= 3.0,<4.0", "~> 4.0", false),
            ("", ">= 1", true),
            ("~> 5.0-beta", "< 4", true),
            ("latest", "= 1", true),
            ("99999999999999999999999", "= 1", true),
            ("1.2.3.4", "= 1", true),
        ] {
            let (left, right) = (Range::of(first), Range::of(second));
            assert_eq!(left.overlaps(&right), overlap, "{first} and {second}");
            assert_eq!(right.overlaps(&left), overlap, "{second} and {first}");
        }
    }

    #[test]
    fn addresses_are_whole() {
        for (source, name, expected) in [
            (None, "aws", "registry.terraform.io/hashicorp/aws"),
            (None, "terraform", "terraform.io/builtin/terraform"),
            (
                Some("hashicorp/AWS"),
                "x",
                "registry.terraform.io/hashicorp/aws",
            ),
            (Some("aws"), "x", "registry.terraform.io/hashicorp/aws"),
            (Some("a.example/b/c"), "x", "a.example/b/c"),
        ] {
            assert_eq!(address(source, name), expected);
        }
    }
}
