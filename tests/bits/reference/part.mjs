// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Part": permute, slice and shard. All numbers are BigInts.
import { Refused } from './refused.mjs';

const clampTo = (x, minimum, maximum) => (x < minimum ? minimum : x > maximum ? maximum : x);

// start:stop:step within an axis, as Python's slice.indices() has it.
function takeRange({ start, stop, step }, size) {
    const forward = step > 0n;
    const [minimum, maximum] = forward ? [0n, size] : [-1n, size - 1n];
    const place = (end, otherwise) => {
        if (end === null || end === undefined) return otherwise;
        return clampTo(end < 0n ? end + size : end, minimum, maximum);
    };
    const first = place(start, forward ? minimum : maximum);
    const after = place(stop, forward ? maximum : minimum);
    const distance = forward ? after - first : first - after;
    if (distance <= 0n) return { start: 0n, count: 0n, step: 1n };
    const count = (distance - 1n) / (forward ? step : -step) + 1n;
    return { start: first, count, step: count > 1n ? step : 1n };
}

function takeSlice(items, taken) {
    const named = items.filter((item) => !item.ellipsis).length;
    if (named > taken.length) throw new Refused('slice', 'has more items than there are axes');
    let axis = 0;
    for (const item of items) {
        if (item.ellipsis) {
            axis += taken.length - named;
            continue;
        }
        const { size } = taken[axis];
        if (item.index === undefined) {
            Object.assign(taken[axis], takeRange(item, size));
        } else {
            const at = item.index < 0n ? item.index + size : item.index;
            if (at < 0n || at >= size) throw new Refused('slice', 'index outside the axis');
            Object.assign(taken[axis], { start: at, count: 1n, index: true });
        }
        axis++;
    }
}

function takeShard({ axis, index, count }, taken) {
    const one = taken.at(Number(axis));
    if (one === undefined || axis < -taken.length) throw new Refused('shard', 'no such axis');
    const size = (one.count + count - 1n) / count;
    const first = index * size;
    const left = one.count - first;
    one.start += first;
    one.count = left <= 0n ? 0n : left < size ? left : size;
}

function permutation(p, rank) {
    if (!p.has('permute')) return Array.from({ length: rank }, (_, i) => i);
    const axes = p.get('permute').map((axis) => Number(axis) + (axis < 0n ? rank : 0));
    const all = new Set(axes.filter((axis) => axis >= 0 && axis < rank));
    if (all.size !== rank || axes.length !== rank) {
        throw new Refused('permute', 'does not name each axis once');
    }
    return axes;
}

// axes: the permutation. taken: of each permuted axis its size and what is taken of it. shape:
// of the body. numbers(): of the elements in the full tensor, in the order of the body.
export function viewOf(p) {
    const full = p.get('shape');
    if (p.has('slice') && p.has('shard')) throw new Refused('shard', 'not with slice');
    const axes = permutation(p, full.length);
    const taken = axes.map((axis) => ({ size: full[axis], start: 0n, count: full[axis], step: 1n }));
    if (p.has('slice')) takeSlice(p.get('slice'), taken);
    for (const one of p.get('shard', [])) takeShard(one, taken);
    const shape = taken.filter(({ index }) => !index).map(({ count }) => count);
    const strides = full.map((_, i) => full.slice(i + 1).reduce((a, b) => a * b, 1n));

    function* numbers(depth = 0, base = 0n) {
        if (depth === taken.length) {
            yield base;
            return;
        }
        const { start, count, step } = taken[depth];
        const stride = strides[axes[depth]];
        for (let i = 0n; i < count; i++) {
            const at = base + (start + i * step) * stride;
            if (depth === taken.length - 1) yield at;
            else yield* numbers(depth + 1, at);
        }
    }
    return { axes, taken, shape, numbers: () => (shape.includes(0n) ? [] : numbers()) };
}

// What is taken of an axis as an item of a canonical slice.
export function itemText({ size, start, count, step, index }) {
    if (index) return `${start}`;
    if (count === 0n) return size > 0n ? '0:0' : ':';
    const last = start + (count - 1n) * step;
    let text;
    if (step > 0n) {
        text = `${start > 0n ? start : ''}:${last + 1n < size ? last + 1n : ''}`;
    } else {
        text = `${start}:${last > 0n ? last - 1n : ''}`;
    }
    return step === 1n ? text : `${text}:${step}`;
}
