//! What `VecDeque` does too, in a part of the code: most of what is taken out is near an end.

use std::collections::VecDeque;

/// Takes out the item at `index`.
pub fn remove<T>(queue: &mut VecDeque<T>, index: usize) -> Option<T> {
    if index < queue.len() / 2 {
        for behind in (1..=index).rev() {
            queue.swap(behind, behind - 1);
        }
        queue.pop_front()
    } else {
        for behind in index + 1..queue.len() {
            queue.swap(behind, behind - 1);
        }
        queue.pop_back()
    }
}

/// Keeps the items that `keep` says.
pub fn retain<T>(queue: &mut VecDeque<T>, mut keep: impl FnMut(&T) -> bool) {
    for _ in 0..queue.len() {
        if let Some(item) = queue.pop_front()
            && keep(&item)
        {
            queue.push_back(item);
        }
    }
}
