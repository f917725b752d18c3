// A binary heap of what happens when: least first, in order of arrival among equals.

export class EventQueue {
  #items = [];
  #order = 0;

  get size() {
    return this.#items.length;
  }

  push(at, what) {
    const items = this.#items;
    const item = { at, order: (this.#order += 1), what };
    let place = items.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(item, items[parent])) break;
      items[place] = items[parent];
      place = parent;
    }
    items[place] = item;
  }

  pop() {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last);
    return first;
  }

  #sink(item) {
    const items = this.#items;
    let place = 0;
    for (let child = 1; child < items.length; child = 2 * place + 1) {
      if (child + 1 < items.length && isBefore(items[child + 1], items[child])) child += 1;
      if (!isBefore(items[child], item)) break;
      items[place] = items[child];
      place = child;
    }
    items[place] = item;
  }
}

function isBefore(one, other) {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
