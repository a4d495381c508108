//! Parser events to a tree, within limits.

use std::borrow::Cow;
use std::collections::hash_map::Entry as MapEntry;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::advice::advice;
use super::input::Text;
use super::node::{Entry, Node, NodeValue};
use super::scalar::Reading;
use super::source::Source;
use super::text;
use crate::finding::{FindingCode, Position, Report, Severity, quoted};

/// Deepest nesting. Real files stay below 12.
const DEEPEST: usize = 64;
/// Most nodes that are written out in a file: three times what 10,000 applied plugins have.
const MOST_NODES: usize = 2_000_000;
/// Most nodes that aliases (`*name`) and merges (`<<`) may add by repetition.
const MOST_REPEATED_NODES: usize = 100_000;
/// From this many keys on, duplicates are found by hash and not by comparing all pairs.
const FEW_KEYS: usize = 12;

/// Reads the one document of `text`; `None` (and at least one error) when there is no usable tree.
pub(crate) fn load<'a>(text: &'a str, report: &mut Report) -> Option<Node<'a>> {
    let text = text::prepare(text, report)?;
    let mut loader = Loader {
        report,
        stack: Vec::new(),
        items: Vec::new(),
        entries: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        nodes: 0,
        repeated: 0,
    };
    let mut parser = Parser::new(Text::new(text));
    let mut source = Source::new(text);
    let mut documents = 0_usize;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                loader.syntax(&error, text);
                return None;
            }
        };
        let at = position(span);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                loader.report.error_with_help(
                    FindingCode::Syntax,
                    at,
                    "a second YAML document starts here; the file must hold one",
                    "remove the `---` line and what follows it",
                );
                return None;
            }
            continue;
        }
        let event = match event {
            Event::Scalar(Cow::Owned(owned), style, anchor, tag) => {
                let shared = source.share(owned, span.start.index());
                Event::Scalar(shared, style, anchor, tag)
            }
            other => other,
        };
        loader.event(event, at)?;
    }
    let root = loader.root.take();
    match root {
        Some(root) if !root.is_null() => Some(root),
        _ => {
            report.error(FindingCode::Syntax, Position::START, "the file is empty");
            None
        }
    }
}

/// A list or mapping that is still open.
struct Frame<'a> {
    at: Position,
    anchor: usize,
    /// Nodes made before this one started, to know its size when it ends.
    before: usize,
    /// Height of the tallest part so far.
    height: usize,
    parts: Parts<'a>,
}

/// The parts so far lie on the loader's `items` and `entries`, from the index that is given here on: that way each
/// finished list or mapping is allocated once, at its size.
enum Parts<'a> {
    List(usize),
    /// And the key whose value is next.
    Map(usize, Option<(Cow<'a, str>, Position)>),
}

struct Anchored<'a> {
    node: Node<'a>,
    size: usize,
    height: usize,
}

struct Loader<'a, 'r> {
    report: &'r mut Report,
    stack: Vec<Frame<'a>>,
    /// Items of the lists that are open, the innermost last.
    items: Vec<Node<'a>>,
    /// Entries of the mappings that are open, the innermost last.
    entries: Vec<Entry<'a>>,
    anchors: HashMap<usize, Anchored<'a>>,
    root: Option<Node<'a>>,
    nodes: usize,
    repeated: usize,
}

impl<'a> Loader<'a, '_> {
    /// `None` stops the reading; the reason has been reported.
    fn event(&mut self, event: Event<'a>, at: Position) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, at)?;
                let reading = self.reading(style, tag.as_deref(), at);
                let node = Node {
                    value: NodeValue::Scalar(text, reading),
                    at,
                };
                self.remember(anchor, &node, 1, 0)?;
                self.place(node, 0)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(at, anchor, tag.as_deref(), Parts::List(self.items.len()))
            }
            Event::MappingStart(anchor, tag) => self.open(
                at,
                anchor,
                tag.as_deref(),
                Parts::Map(self.entries.len(), None),
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.repeat(anchor, at),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Some(()),
        }
    }

    fn open(
        &mut self,
        at: Position,
        anchor: usize,
        tag: Option<&Tag>,
        parts: Parts<'a>,
    ) -> Option<()> {
        self.count(1, at)?;
        if let Some(Frame {
            parts: Parts::Map(_, None),
            ..
        }) = self.stack.last()
        {
            self.report.error_with_help(
                FindingCode::Syntax,
                at,
                "a list or mapping cannot be a key",
                "put text before the colon; a value that starts with `{{` must stand in quotes",
            );
            return None;
        }
        if self.stack.len() >= DEEPEST {
            return self.too_deep(at);
        }
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "map" | "seq"))
        {
            self.ignored_tag(tag, at);
        }
        self.stack.push(Frame {
            at,
            anchor,
            before: self.nodes,
            height: 0,
            parts,
        });
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let frame = self.stack.pop()?;
        let value = match frame.parts {
            Parts::List(start) => NodeValue::List(self.items.drain(start..).collect()),
            Parts::Map(start, _) => {
                let mut entries: Vec<Entry<'a>> = self.entries.drain(start..).collect();
                self.merge(&mut entries)?;
                NodeValue::Map(self.unique(entries))
            }
        };
        let node = Node {
            value,
            at: frame.at,
        };
        let height = frame.height + 1;
        let size = self.nodes.saturating_sub(frame.before) + 1;
        self.remember(frame.anchor, &node, size, height)?;
        self.place(node, height)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node<'a>, height: usize) -> Option<()> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        frame.height = frame.height.max(height);
        match &mut frame.parts {
            Parts::List(_) => self.items.push(node),
            Parts::Map(_, pending) => match pending.take() {
                Some((key, key_at)) => self.entries.push(Entry {
                    key,
                    key_at,
                    value: node,
                }),
                None => {
                    let NodeValue::Scalar(text, _) = node.value else {
                        self.report.error(
                            FindingCode::Syntax,
                            node.at,
                            "a list or mapping cannot be a key",
                        );
                        return None;
                    };
                    *pending = Some((text, node.at));
                }
            },
        }
        Some(())
    }

    /// Keeps a copy of an anchored value; the copy counts as a repetition, or nested anchors would multiply.
    fn remember(
        &mut self,
        anchor: usize,
        node: &Node<'a>,
        size: usize,
        height: usize,
    ) -> Option<()> {
        if anchor != 0 {
            self.count_repeated(size, node.at)?;
            self.anchors.insert(
                anchor,
                Anchored {
                    node: node.clone(),
                    size,
                    height,
                },
            );
        }
        Some(())
    }

    fn repeat(&mut self, anchor: usize, at: Position) -> Option<()> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            self.report.error(
                FindingCode::Syntax,
                at,
                "this alias names a value that it is part of",
            );
            return None;
        };
        let (size, height) = (anchored.size, anchored.height);
        self.count_repeated(size, at)?;
        if self.stack.len() + height > DEEPEST {
            return self.too_deep(at);
        }
        let node = self.anchors.get(&anchor)?.node.clone();
        self.place(node, height)
    }

    /// `<<: *defaults`: the entries of another mapping, unless this one has the key itself.
    fn merge(&mut self, entries: &mut Vec<Entry<'a>>) -> Option<()> {
        let Some(index) = entries.iter().position(|entry| entry.key == "<<") else {
            return Some(());
        };
        let merged = entries.remove(index);
        let sources = match merged.value.value {
            NodeValue::List(items) => items,
            other => vec![Node {
                value: other,
                at: merged.value.at,
            }],
        };
        let mut keys: HashSet<Cow<'a, str>> =
            entries.iter().map(|entry| entry.key.clone()).collect();
        for source in sources {
            let NodeValue::Map(added) = source.value else {
                self.report.error(
                    FindingCode::WrongShape,
                    source.at,
                    format!("`<<` merges mappings, found {}", source.describe()),
                );
                continue;
            };
            self.count_repeated(added.len(), merged.key_at)?;
            for entry in added {
                if keys.insert(entry.key.clone()) {
                    entries.push(entry);
                }
            }
        }
        Some(())
    }

    /// Reports keys that stand twice; the first one stays.
    fn unique(&mut self, entries: Vec<Entry<'a>>) -> Vec<Entry<'a>> {
        let firsts = repeated(&entries);
        if firsts.is_empty() {
            return entries;
        }
        let mut firsts = firsts.into_iter().peekable();
        let mut kept = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            let Some((_, line)) = firsts.next_if(|(repeated, _)| *repeated == index) else {
                kept.push(entry);
                continue;
            };
            self.report.error_with_help(
                FindingCode::DuplicateKey,
                entry.key_at,
                format!(
                    "the key {} stands twice in this mapping: on line {line} and on line {}",
                    quoted(&entry.key),
                    entry.key_at.line
                ),
                "remove one of the two",
            );
        }
        kept
    }

    fn count(&mut self, added: usize, at: Position) -> Option<()> {
        self.nodes += added;
        if self.nodes > MOST_NODES {
            self.report.error_with_help(
                FindingCode::TooLarge,
                at,
                format!("the file holds more than {MOST_NODES} YAML values"),
                "check that this is the file that you mean",
            );
            return None;
        }
        Some(())
    }

    fn count_repeated(&mut self, added: usize, at: Position) -> Option<()> {
        self.repeated += added;
        // A repeated part counts for its anchor's size as well: an alias inside an anchored value repeats with it.
        self.nodes += added;
        if self.repeated > MOST_REPEATED_NODES {
            self.report.error_with_help(
                FindingCode::TooLarge,
                at,
                format!(
                    "YAML aliases repeat more than {MOST_REPEATED_NODES} values; nothing real needs that"
                ),
                "write the values out",
            );
            return None;
        }
        Some(())
    }

    fn too_deep<T>(&mut self, at: Position) -> Option<T> {
        self.report.error_with_help(
            FindingCode::TooLarge,
            at,
            format!("values are nested more than {DEEPEST} deep"),
            "flatten the value; no StackSpot document nests this deep",
        );
        None
    }

    fn reading(&mut self, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Reading {
        let Some(tag) = tag else {
            return if style == ScalarStyle::Plain {
                Reading::Plain
            } else {
                Reading::Text
            };
        };
        // `!` alone is YAML's own way to say "not plain".
        if tag.handle.is_empty() && tag.suffix == "!" {
            return Reading::Text;
        }
        if !tag.is_yaml_core_schema() {
            self.ignored_tag(tag, at);
            return if style == ScalarStyle::Plain {
                Reading::Plain
            } else {
                Reading::Text
            };
        }
        match tag.suffix.as_str() {
            "int" | "float" | "bool" | "null" => Reading::Tagged,
            "str" => Reading::Text,
            _ => {
                self.ignored_tag(tag, at);
                Reading::Text
            }
        }
    }

    fn ignored_tag(&mut self, tag: &Tag, at: Position) {
        let name = if tag.is_yaml_core_schema() {
            format!("!!{}", tag.suffix)
        } else {
            format!("{}{}", tag.handle, tag.suffix)
        };
        self.report.warning(
            FindingCode::OddScalar,
            at,
            format!("the YAML tag {} is ignored", quoted(&name)),
            Some("tags mean nothing in this file; remove it".to_owned()),
        );
    }

    fn syntax(&mut self, error: &ScanError, text: &str) {
        let marker = error.marker();
        let at = Position {
            line: narrow(marker.line()),
            column: narrow(marker.col() + 1),
        };
        // The scanner reads ahead, and has a limit of its own (255 brackets) that it may reach before ours.
        if error.info().contains("recursion limit") {
            let _: Option<()> = self.too_deep(at);
            return;
        }
        let message = format!("this is not valid YAML: {}", error.info());
        let help = advice(error.info(), text);
        self.report
            .add(Severity::Error, FindingCode::Syntax, at, message, help);
    }
}

/// The entries whose key stood before, by index, each with the line of the first.
fn repeated(entries: &[Entry<'_>]) -> Vec<(usize, u32)> {
    if entries.len() <= FEW_KEYS {
        return entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let before = entries.get(..index)?;
                let first = before.iter().find(|first| first.key == entry.key)?;
                Some((index, first.key_at.line))
            })
            .collect();
    }
    let mut lines: HashMap<&str, u32> = HashMap::with_capacity(entries.len());
    entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| match lines.entry(&entry.key) {
            MapEntry::Occupied(first) => Some((index, *first.get())),
            MapEntry::Vacant(free) => {
                free.insert(entry.key_at.line);
                None
            }
        })
        .collect()
}

fn position(span: Span) -> Position {
    Position {
        line: narrow(span.start.line()),
        column: narrow(span.start.col() + 1),
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
