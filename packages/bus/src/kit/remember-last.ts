/**
 * rememberLast makes a function that calls another only when its argument differs from the last one:
 * for what many events in a row have in common, such as the millisecond of their time.
 */
export function rememberLast<A extends string | number, R>(
  compute: (argument: A) => R,
): (argument: A) => R {
  let last: { readonly argument: A; readonly result: R } | undefined;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, result: compute(argument) };
    return last.result;
  };
}
