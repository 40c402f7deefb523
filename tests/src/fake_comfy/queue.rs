use std::cmp::Ordering;

use indexmap::IndexMap;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::graph::Graph;

/// A queued prompt: what the server shows as `[number, prompt_id, graph, extra_data, outputs]`.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// An integer, or a float when the client gave it.
    pub number: Number,
    pub prompt_id: String,
    pub graph: Graph,
    /// The graph as it was sent, to be shown as it was sent.
    pub raw: Box<RawValue>,
    pub extra_data: Map<String, Value>,
    pub outputs: Vec<String>,
    /// Of the ledger.
    pub submission: usize,
}

pub(super) type Shown<'a> = (&'a Number, &'a str, &'a RawValue, &'a Map<String, Value>, &'a [String]);

impl Item {
    pub fn client_id(&self) -> Option<&str> {
        self.extra_data.get("client_id").and_then(Value::as_str)
    }

    /// The five elements, with this extra_data.
    pub fn shown<'a>(&'a self, extra_data: &'a Map<String, Value>) -> Shown<'a> {
        (&self.number, &self.prompt_id, &self.raw, extra_data, &self.outputs)
    }

    /// Python compares the tuples; the first two elements decide, equal ones raise a TypeError (None).
    fn compare(&self, other: &Self) -> Option<Ordering> {
        let numbers = self.number.as_f64()?.partial_cmp(&other.number.as_f64()?)?;
        match numbers.then_with(|| self.prompt_id.cmp(&other.prompt_id)) {
            Ordering::Equal => None,
            order => Some(order),
        }
    }
}

/// Python's heapq: the order of its list is what /queue shows.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<Item>);

/// Two prompts that Python cannot order. The item was added all the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Incomparable;

impl Heap {
    pub fn items(&self) -> &[Item] {
        &self.0
    }

    pub fn push(&mut self, item: Item) -> Result<(), Incomparable> {
        self.0.push(item);
        self.sift_down(0, self.0.len() - 1)
    }

    pub fn pop(&mut self) -> Option<Item> {
        let last = self.0.pop()?;
        if self.0.is_empty() {
            return Some(last);
        }
        let smallest = std::mem::replace(&mut self.0[0], last);
        // Equal items raise in Python too, after the item has been taken; nobody sees it.
        let _ = self.sift_up(0);
        Some(smallest)
    }

    pub fn remove(&mut self, prompt_id: &str) -> Option<Item> {
        let index = self.0.iter().position(|item| item.prompt_id == prompt_id)?;
        let item = self.0.remove(index);
        for index in (0..self.0.len() / 2).rev() {
            let _ = self.sift_up(index);
        }
        Some(item)
    }

    pub fn clear(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.0)
    }

    fn less(&self, a: usize, b: usize) -> Result<bool, Incomparable> {
        self.0[a].compare(&self.0[b]).map(Ordering::is_lt).ok_or(Incomparable)
    }

    fn sift_down(&mut self, start: usize, mut position: usize) -> Result<(), Incomparable> {
        while position > start {
            let parent = (position - 1) / 2;
            if !self.less(position, parent)? {
                break;
            }
            self.0.swap(position, parent);
            position = parent;
        }
        Ok(())
    }

    fn sift_up(&mut self, start: usize) -> Result<(), Incomparable> {
        let mut position = start;
        let mut child = 2 * position + 1;
        while child < self.0.len() {
            let right = child + 1;
            if right < self.0.len() && !self.less(child, right)? {
                child = right;
            }
            self.0.swap(position, child);
            position = child;
            child = 2 * position + 1;
        }
        self.sift_down(start, position)
    }
}

/// Finished prompts, oldest first. The server keeps 10000.
#[derive(Debug, Default)]
pub(super) struct History(IndexMap<String, Box<RawValue>>);

impl History {
    pub fn insert(&mut self, prompt_id: String, entry: Box<RawValue>) {
        // A second run of the same id takes the first one's place, as in a Python dict.
        self.0.insert(prompt_id, entry);
        if self.0.len() > 10_000 {
            self.0.shift_remove_index(0);
        }
    }

    pub fn one(&self, prompt_id: &str) -> IndexMap<&str, &RawValue> {
        self.0.get_key_value(prompt_id).map(|(id, entry)| (id.as_str(), entry.as_ref())).into_iter().collect()
    }

    /// `max_items` gives the last ones unless there is an offset.
    pub fn page(&self, max_items: Option<i64>, offset: Option<i64>) -> IndexMap<&str, &RawValue> {
        let count = self.0.len() as i64;
        let start = match (offset, max_items) {
            (Some(offset), _) if offset >= 0 => offset,
            (_, Some(max_items)) => count - max_items.max(0),
            (_, None) => 0,
        }
        .max(0);
        let take = max_items.unwrap_or(count).max(0);
        self.0
            .iter()
            .skip(start as usize)
            .take(take as usize)
            .map(|(id, entry)| (id.as_str(), entry.as_ref()))
            .collect()
    }

    pub fn remove(&mut self, prompt_id: &str) {
        self.0.shift_remove(prompt_id);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: f64, prompt_id: &str) -> Item {
        let number = if number.fract() == 0.0 {
            Number::from(number as i64)
        } else {
            Number::from_f64(number).unwrap()
        };
        Item {
            number,
            prompt_id: prompt_id.into(),
            graph: Graph::new(),
            raw: RawValue::from_string("{}".into()).unwrap(),
            extra_data: Map::new(),
            outputs: Vec::new(),
            submission: 0,
        }
    }

    #[test]
    fn lists_in_the_order_the_real_server_listed() {
        let mut heap = Heap::default();
        for number in [145.0, 146.0, 147.0, 148.0, -149.0, -150.0, 0.5] {
            heap.push(item(number, &number.to_string())).unwrap();
        }
        let listed: Vec<f64> = heap.items().iter().map(|item| item.number.as_f64().unwrap()).collect();
        assert_eq!(listed, [-150.0, 145.0, -149.0, 148.0, 146.0, 147.0, 0.5]);
        let popped: Vec<f64> =
            std::iter::from_fn(|| heap.pop()).map(|item| item.number.as_f64().unwrap()).collect();
        assert_eq!(popped, [-150.0, -149.0, 0.5, 145.0, 146.0, 147.0, 148.0]);
    }

    #[test]
    fn takes_what_it_cannot_order() {
        let mut heap = Heap::default();
        heap.push(item(77.0, "dup")).unwrap();
        assert_eq!(heap.push(item(77.0, "dup")), Err(Incomparable));
        assert_eq!(heap.items().len(), 2);
    }
}
