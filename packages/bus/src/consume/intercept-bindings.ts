import { chain, type Handle, type Interceptor } from "../interceptor.ts";
import type { Binding } from "./event-router.ts";

/** Returns the bindings with every handler inside the `handle` parts of the interceptors. */
export function interceptBindings(
  bindings: ReadonlyMap<string, Binding>,
  interceptors: readonly Interceptor[],
): ReadonlyMap<string, Binding> {
  const around = interceptors.flatMap((interceptor) => interceptor.handle?.bind(interceptor) ?? []);
  if (around.length === 0) return bindings;
  const intercept = (binding: Binding): Binding => {
    const { method } = binding;
    const innermost: Handle = async (call) => {
      await binding.handler(call.message, call.delivery);
    };
    const handle = chain(innermost, around);
    return { ...binding, handler: (message, delivery) => handle({ method, message, delivery }) };
  };
  return new Map(Array.from(bindings, ([topic, binding]) => [topic, intercept(binding)]));
}
