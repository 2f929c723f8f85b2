import { ChangeDetectionStrategy, Component, inject, input } from "@angular/core";
import { RouterLink } from "@angular/router";

import { MotorcycleSummary } from "../api/models";
import { I18n } from "../i18n/i18n";

/** A motorcycle in the list. The whole card is the link, and is read as its name alone. */
@Component({
  selector: "motos-card",
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let moto = motorcycle();
    @let text = i18n.text().moto;
    @if (moto.picture; as picture) {
      <img
        [src]="picture.thumbnail"
        alt=""
        width="640"
        height="480"
        [attr.loading]="eager() ? 'eager' : 'lazy'"
        [attr.fetchpriority]="eager() ? 'high' : null"
      />
    } @else {
      <div class="no-picture" aria-hidden="true"></div>
    }
    @if (moto.status !== "available") {
      <span class="badge">{{ text.status[moto.status] }}</span>
    }
    <h2><a [routerLink]="['/moto', moto.id]">{{ moto.model.brand.name }} {{ moto.model.name }}</a></h2>
    <p class="price">{{ i18n.price(moto.price_cents, moto.currency) }}</p>
    <p>{{ moto.year }} · {{ i18n.number(moto.mileage_km) }} km · {{ moto.colour }}</p>
  `,
})
export class Card {
  readonly motorcycle = input.required<MotorcycleSummary>();
  readonly eager = input(false);
  protected readonly i18n = inject(I18n);
}
