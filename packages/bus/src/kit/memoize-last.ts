/**
 * Returns a function that calls `compute` only when its argument differs from the last one. For values
 * that many events in a row share, such as the millisecond of their time.
 */
export function memoizeLast<A extends string | number, R>(
  compute: (argument: A) => R,
): (argument: A) => R {
  let last: { readonly argument: A; readonly result: R } | undefined;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, result: compute(argument) };
    return last.result;
  };
}
