import { Injector, afterNextRender } from "@angular/core";

/** What the form says in the field *name*: its text, or nothing where there is no such field. */
export function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}

/** Puts the focus on the first control of *form* that is wrong, once the page shows which. */
export function focusFirstError(form: HTMLElement, injector: Injector): void {
  // The fields mark their controls after the same rendering: a task later they have.
  afterNextRender(
    () => {
      setTimeout(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    },
    { injector },
  );
}
