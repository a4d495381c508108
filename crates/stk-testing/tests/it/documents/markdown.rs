//! As much Markdown as the documents of this repository use.

use std::collections::BTreeSet;

/// A Markdown file, taken apart.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Where its links lead, as written.
    pub(super) links: Vec<String>,
    /// What its headings can be reached by, as GitHub makes it from their text.
    pub(super) anchors: BTreeSet<String>,
    /// What stands between backquotes in the text.
    pub(super) code: Vec<String>,
    /// Its code blocks.
    pub(super) blocks: Vec<Block>,
}

/// A code block.
#[derive(Debug)]
pub(super) struct Block {
    /// The word after the fence; may be empty.
    pub(super) language: String,
    /// The lines between the fences.
    pub(super) text: String,
}

impl Document {
    pub(super) fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let mut prose = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                let inside: Vec<_> = lines
                    .by_ref()
                    .take_while(|line| !line.trim_start().starts_with("```"))
                    .collect();
                document.blocks.push(Block {
                    language: language.to_owned(),
                    text: inside.join("\n") + "\n",
                });
                prose.push_str("\n\n");
                continue;
            }
            if line.starts_with('#') {
                document
                    .anchors
                    .insert(anchor(line.trim_start_matches('#').trim()));
            }
            prose.push_str(line);
            prose.push('\n');
        }
        // Code first: what looks like a link in it is none.
        let mut rest = String::new();
        for (index, part) in prose.split('`').enumerate() {
            if index % 2 == 1 {
                document.code.push(part.to_owned());
            } else {
                rest.push_str(part);
            }
        }
        document.links = rest
            .split("](")
            .skip(1)
            .filter_map(|after| after.split_once(')'))
            .map(|(link, _)| link.to_owned())
            .collect();
        document
    }
}

fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|each| each.is_alphanumeric() || matches!(each, ' ' | '-' | '_'))
        .map(|each| if each == ' ' { '-' } else { each })
        .collect()
}

/// The cells of the first table after `heading`, without its head.
pub(super) fn table_after(text: &str, heading: &str) -> Vec<Vec<String>> {
    let after = text
        .split_once(&format!("{heading}\n"))
        .unwrap_or_else(|| panic!("there is no heading `{heading}`"))
        .1;
    after
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let line = line.trim().trim_matches('|');
            line.split('|').map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// One column of a table.
pub(super) fn column(table: &[Vec<String>], index: usize) -> Vec<String> {
    table
        .iter()
        .filter_map(|row| row.get(index).cloned())
        .collect()
}

#[test]
fn a_document_is_taken_apart() {
    let document = Document::parse(
        "# The *first* one, v1.0\n[a](b.md#c) and `[x](y)`\n```sh\n[k](l)\n```\n| [n](o) | `p/q` |\n",
    );
    assert_eq!(document.links, ["b.md#c", "o"]);
    assert_eq!(
        document.anchors.into_iter().collect::<Vec<_>>(),
        ["the-first-one-v10"]
    );
    assert_eq!(document.code, ["[x](y)", "p/q"]);
    assert_eq!(document.blocks[0].language, "sh");
    assert_eq!(document.blocks[0].text, "[k](l)\n");
    let table = table_after(
        "## T\n\ntext\n| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |\n",
        "## T",
    );
    assert_eq!(table, [["1", "2"]]);
    assert_eq!(column(&table, 1), ["2"]);
}
