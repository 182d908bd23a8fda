/** An error as data: what a task threw, whole, so that it can cross a thread, be stored and be shown. */

/** What a task threw, as plain frozen data that structured clone carries unchanged. */
export interface Failure {
  /** The error's own name, as `error.name` says. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The class that `errorFrom` makes again: a built-in or a registered one, else the nearest built-in ancestor. */
  readonly className: string;
  readonly code?: string | number;
  /** Own enumerable properties that could be cloned, but for those above. */
  readonly properties?: ReadonlyMap<string, unknown>;
  readonly cause?: Failure;
  /** `errors` of an AggregateError. */
  readonly errors?: readonly Failure[];
  /** What was thrown, when it was no Error and can be cloned. */
  readonly thrown?: { readonly value: unknown };
  /** What could not be kept, each as a path and a reason. */
  readonly dropped?: readonly string[];
}
