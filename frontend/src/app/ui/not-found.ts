import { ChangeDetectionStrategy, Component, inject } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";

import { I18n } from "../i18n/i18n";

@Component({
  selector: "motos-not-found",
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="wrap error">
      <p class="lead">404</p>
      <h1>{{ i18n.text().errors.notFoundTitle }}</h1>
      <p><a routerLink="/">{{ i18n.text().moto.back }}</a></p>
    </div>
  `,
})
export class NotFound {
  protected readonly i18n = inject(I18n);

  constructor() {
    inject(Title).setTitle(`404 · Écluse`);
  }
}
