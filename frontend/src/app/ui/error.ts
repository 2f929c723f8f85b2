import { ChangeDetectionStrategy, Component, computed, inject, input, output } from "@angular/core";
import { RouterLink } from "@angular/router";

import { I18n } from "../i18n/i18n";
import { failure } from "../problems";

/** What could not be loaded, why, a way to try again, and one to leave. */
@Component({
  selector: "motos-error",
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="card failure" role="alert">
      <h2>{{ i18n.text().errors.title }}</h2>
      <p>{{ found().detail }}</p>
      <p class="form-actions">
        <button type="button" class="button" (click)="retry.emit()">{{ i18n.text().errors.retry }}</button>
        <a routerLink="/">{{ i18n.text().moto.back }}</a>
      </p>
    </div>
  `,
})
export class ErrorCard {
  readonly error = input.required<unknown>();
  readonly retry = output();
  protected readonly i18n = inject(I18n);
  protected readonly found = computed(() => failure(this.error(), this.i18n.text().errors));
}
