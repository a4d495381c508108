//! Finds circles and names them.

use std::collections::VecDeque;

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::CycleStep;
use crate::graph::Graph;

/// One circle for each group of nodes that need each other: a shortest one through the group's node
/// that stands first in the file. Each comes with the index of that node.
pub(crate) fn circles(graph: &Graph<'_>) -> Vec<(usize, Vec<CycleStep>)> {
    // Not Tarjan's algorithm: petgraph's is recursive, and a long chain of plugins would overflow the
    // stack.
    let groups = kosaraju_scc(&graph.edges);
    let mut search = Search {
        graph,
        group_of: vec![0; graph.nodes.len()],
        needed_by: vec![None; graph.nodes.len()],
    };
    for (number, group) in groups.iter().enumerate() {
        for node in group {
            search.group_of[node.index()] = number;
        }
    }
    let mut circles: Vec<_> = groups
        .iter()
        .filter_map(|group| {
            let first = *group.iter().min()?;
            search
                .shortest_through(first)
                .map(|steps| (first.index(), steps))
        })
        .collect();
    circles.sort_by_key(|(first, _)| *first);
    circles
}

/// All nodes' indices so that only requirements inside a circle are not met: group after group, each
/// in file order. For what was deployed piece by piece and forms a circle only together.
pub(crate) fn sorted_by_group(graph: &Graph<'_>) -> Vec<usize> {
    let mut groups = kosaraju_scc(&graph.edges);
    // petgraph gives them in reverse topological order.
    groups.reverse();
    groups
        .into_iter()
        .flat_map(|mut group| {
            group.sort();
            group
        })
        .map(NodeIndex::index)
        .collect()
}

struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    group_of: Vec<usize>,
    /// For each node reached: the node that needs it, and the connection it needs. Groups share no
    /// node, so all searches share this.
    needed_by: Vec<Option<(NodeIndex, &'a str)>>,
}

impl Search<'_, '_> {
    /// Walks from what requires to what generates (against the edges), breadth first and inside the
    /// group of `start`, until `start` is met again. `None` for a node that needs nothing of its
    /// group, which then is the only one in it.
    fn shortest_through(&mut self, start: NodeIndex) -> Option<Vec<CycleStep>> {
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let mut needs: Vec<_> = self
                .graph
                .edges
                .edges_directed(node, Direction::Incoming)
                .collect();
            // In the plugin's own order.
            needs.sort_by_key(EdgeRef::id);
            for need in needs {
                let generator = need.source();
                if generator == start {
                    return Some(self.steps(start, node, need.weight()));
                }
                if self.group_of[generator.index()] == self.group_of[start.index()]
                    && self.needed_by[generator.index()].is_none()
                {
                    self.needed_by[generator.index()] = Some((node, need.weight()));
                    queue.push_back(generator);
                }
            }
        }
        None
    }

    fn steps(&self, start: NodeIndex, last: NodeIndex, closing: &str) -> Vec<CycleStep> {
        let step = |from: NodeIndex, connection: &str, to: NodeIndex| CycleStep {
            alias: self.graph.nodes[from.index()].alias.to_owned(),
            connection: connection.to_owned(),
            from: self.graph.nodes[to.index()].alias.to_owned(),
        };
        let mut steps = vec![step(last, closing, start)];
        let mut node = last;
        while let Some((needing, connection)) = self.needed_by[node.index()] {
            steps.push(step(needing, connection, node));
            node = needing;
        }
        steps.reverse();
        steps
    }
}
