import { ChangeDetectionStrategy, Component, ElementRef, afterRenderEffect, inject, input } from "@angular/core";

/** A label, the control that is put between, and what is wrong with it: said beside it, and to what reads the screen.
    The control has the id that `for` names. */
@Component({
  selector: "motos-field",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "field" },
  template: `
    <label [for]="for()">{{ label() }}</label>
    @if (error()) {
      <p class="field-error" [id]="for() + '-error'">{{ error() }}</p>
    }
    <ng-content />
  `,
})
export class Field {
  readonly for = input.required<string>();
  readonly label = input.required<string>();
  readonly error = input<string | undefined>(undefined);

  constructor() {
    const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    afterRenderEffect(() => {
      const control = host.querySelector(`#${this.for()}`);
      if (this.error()) {
        control?.setAttribute("aria-invalid", "true");
        control?.setAttribute("aria-describedby", `${this.for()}-error`);
      } else {
        control?.removeAttribute("aria-invalid");
        control?.removeAttribute("aria-describedby");
      }
    });
  }
}
