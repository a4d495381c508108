//! Finds circles and names them.

use std::collections::VecDeque;

use petgraph::algo::tarjan_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::CycleStep;
use crate::graph::Graph;

/// One circle for each group of nodes that need each other: a shortest one through the group's node
/// that stands first in the file. Each comes with the index of that node.
pub(crate) fn circles(graph: &Graph<'_>) -> Vec<(usize, Vec<CycleStep>)> {
    let mut circles: Vec<_> = tarjan_scc(&graph.edges)
        .into_iter()
        .filter_map(|group| {
            let first = group
                .iter()
                .min_by_key(|node| (graph.nodes[node.index()].position, node.index()))?;
            shortest_through(graph, *first).map(|steps| (first.index(), steps))
        })
        .collect();
    circles.sort_by_key(|(first, _)| (graph.nodes[*first].position, *first));
    circles
}

/// Walks from what requires to what generates (against the edges), breadth first, until `start` is
/// met again.
fn shortest_through(graph: &Graph<'_>, start: NodeIndex) -> Option<Vec<CycleStep>> {
    // For each node reached: the node that needs it, and the connection it needs.
    let mut needed_by: Vec<Option<(NodeIndex, &str)>> = vec![None; graph.nodes.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let mut generators: Vec<_> = graph
            .edges
            .edges_directed(node, petgraph::Direction::Incoming)
            .map(|edge| (edge.source(), *edge.weight()))
            .collect();
        generators.sort_by_key(|(generator, _)| generator.index());
        for (generator, connection) in generators {
            if generator == start {
                return Some(steps(graph, start, node, connection, &needed_by));
            }
            if needed_by[generator.index()].is_none() {
                needed_by[generator.index()] = Some((node, connection));
                queue.push_back(generator);
            }
        }
    }
    None
}

fn steps(
    graph: &Graph<'_>,
    start: NodeIndex,
    last: NodeIndex,
    closing: &str,
    needed_by: &[Option<(NodeIndex, &str)>],
) -> Vec<CycleStep> {
    let alias = |node: NodeIndex| graph.nodes[node.index()].alias.to_owned();
    let mut steps = vec![CycleStep {
        alias: alias(last),
        connection: closing.to_owned(),
        from: alias(start),
    }];
    let mut node = last;
    while let Some((needing, connection)) = needed_by[node.index()] {
        steps.push(CycleStep {
            alias: alias(needing),
            connection: connection.to_owned(),
            from: alias(node),
        });
        node = needing;
    }
    steps.reverse();
    steps
}
