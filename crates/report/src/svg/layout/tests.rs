use super::*;
use proptest::prelude::*;

fn graphs() -> impl Strategy<Value = Graph> {
    (1_usize..45).prop_flat_map(|count| {
        let node = (40..260_i32, 40..200_i32, 0..8_u8, 0..3_usize).prop_map(
            |(width, height, lane, floor)| Node {
                width,
                height,
                middle: height / 2,
                lane: if lane == 0 { Lane::Jobs } else { Lane::Main },
                floor,
            },
        );
        let edges = prop::collection::btree_set((0..count, 0..count), 0..count * 2);
        (prop::collection::vec(node, count), edges).prop_map(|(nodes, edges)| Graph {
            nodes,
            edges: edges.into_iter().filter(|(a, b)| a != b).collect(),
        })
    })
}

fn apart(a: Rect, b: Rect) -> bool {
    a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y
}

proptest! {
    #[test]
    fn boxes_are_apart_and_inside(graph in graphs()) {
        let placed = layout(&graph);
        prop_assert_eq!(placed.boxes.len(), graph.nodes.len());
        for (i, a) in placed.boxes.iter().enumerate() {
            prop_assert!(a.x >= 0 && a.y >= 0, "{a:?}");
            prop_assert!(a.right() <= placed.width && a.bottom() <= placed.height, "{a:?}");
            for b in &placed.boxes[i + 1..] {
                prop_assert!(apart(*a, *b), "{a:?} meets {b:?}");
            }
        }
    }

    #[test]
    fn the_same_graph_gives_the_same_picture(graph in graphs()) {
        prop_assert_eq!(layout(&graph), layout(&graph.clone()));
    }

    #[test]
    fn edges_pass_boxes_in_slots_of_their_own(graph in graphs()) {
        let placed = layout(&graph);
        for route in &placed.routes {
            for &(left, right, y) in &route.slots {
                let slot = Rect { x: left, y: y - 1, width: right - left, height: 2 };
                for a in placed.boxes.iter().filter(|a| !apart(**a, slot)) {
                    prop_assert!(false, "{a:?} is crossed at {y}");
                }
            }
        }
    }

    #[test]
    fn edges_lead_to_the_right_unless_turned(graph in graphs()) {
        let placed = layout(&graph);
        for (&(from, to), route) in graph.edges.iter().zip(&placed.routes) {
            let (a, b) = if route.turned { (to, from) } else { (from, to) };
            prop_assert!(placed.boxes[a].right() < placed.boxes[b].x);
        }
    }
}

#[test]
fn a_chain_with_thousands_of_shortcuts_is_drawn() {
    let node = Node { width: 100, height: 50, middle: 25, lane: Lane::Main, floor: 0 };
    let step = (1..600).map(|to| (to - 1, to));
    let shortcuts = (0..598).flat_map(|from| (from + 2..600).step_by(40).map(move |to| (from, to)));
    let graph = Graph { nodes: vec![node; 600], edges: step.chain(shortcuts).collect() };
    let placed = layout(&graph);
    assert_eq!(placed.columns.len(), 600);
    assert!(placed.routes.iter().all(|route| route.slots.is_empty()));
}

#[test]
fn jobs_stand_below() {
    let node = Node { width: 100, height: 50, middle: 25, lane: Lane::Main, floor: 0 };
    let job = Node { lane: Lane::Jobs, ..node };
    let graph = Graph { nodes: vec![node, job, node], edges: vec![(0, 2), (1, 2)] };
    let placed = layout(&graph);
    assert_eq!(placed.jobs_top, Some(placed.boxes[1].y));
    assert!(placed.boxes[1].y > placed.boxes[2].bottom());
    assert_eq!(placed.boxes[1].x, placed.boxes[0].x);
}
