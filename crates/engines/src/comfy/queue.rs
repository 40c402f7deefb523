use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What `GET /queue` tells, without the graphs in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Queue {
    queue_running: Vec<Item>,
    queue_pending: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq)]
struct Item {
    /// Smaller runs first; may be negative or broken.
    number: f64,
    prompt_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Running,
    /// Prompts that come first, the running one included.
    Pending {
        ahead: u32,
    },
    Absent,
}

impl Queue {
    /// The server lists what waits in no order of use; the numbers tell.
    pub fn place(&self, prompt_id: &str) -> Place {
        if self.queue_running.iter().any(|item| item.prompt_id == prompt_id) {
            return Place::Running;
        }
        let Some(ours) = self.queue_pending.iter().find(|item| item.prompt_id == prompt_id) else {
            return Place::Absent;
        };
        let earlier = self.queue_pending.iter().filter(|item| item.number < ours.number).count();
        Place::Pending { ahead: u32::try_from(earlier + self.queue_running.len()).unwrap_or(u32::MAX) }
    }

    /// Prompts of everybody.
    pub fn len(&self) -> usize {
        self.queue_running.len() + self.queue_pending.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[number, prompt id, graph, …]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
        let missing = |at: usize| serde::de::Error::invalid_length(at, &self);
        let number = seq.next_element()?.ok_or_else(|| missing(0))?;
        let prompt_id = seq.next_element()?.ok_or_else(|| missing(1))?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Item { number, prompt_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(json: &str) -> Queue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn counts_by_number_not_by_order() {
        let queue = queue(
            r#"{"queue_running": [[7, "r", {}, {}, []]],
                "queue_pending": [[-150, "a", {"1": {"seed": 18446744073709551616}}, {}, []], [145, "b", {}, {}, []],
                                  [-149, "c", {}, {}, []], [0.5, "d", {}, {}, [], "a sixth"]]}"#,
        );
        assert_eq!(queue.place("r"), Place::Running);
        assert_eq!(queue.place("a"), Place::Pending { ahead: 1 });
        assert_eq!(queue.place("c"), Place::Pending { ahead: 2 });
        assert_eq!(queue.place("d"), Place::Pending { ahead: 3 });
        assert_eq!(queue.place("b"), Place::Pending { ahead: 4 });
        assert_eq!(queue.place("z"), Place::Absent);
    }

    #[test]
    fn what_is_no_queue_is_never_an_empty_one() {
        for json in
            ["{}", "[]", r#"{"queue_running": []}"#, r#"{"queue_running": [[]], "queue_pending": []}"#]
        {
            assert!(serde_json::from_str::<Queue>(json).is_err(), "{json}");
        }
    }
}
