/** What the form says in the field *name*: its text, or nothing where there is no such field. */
export function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}
