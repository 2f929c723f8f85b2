import { ChangeDetectionStrategy, Component, computed, effect, inject, input, resource } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";

import { Api } from "../api/api";
import { getMotorcycle } from "../api/functions";
import { I18n } from "../i18n/i18n";
import { failure } from "../problems";
import { SessionStore } from "../session";
import { ErrorCard } from "../ui/error";
import { EnquiryForm } from "./enquiry";
import { Gallery } from "./gallery";

@Component({
  selector: "motos-detail",
  imports: [RouterLink, Gallery, EnquiryForm, ErrorCard],
  templateUrl: "./detail.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Detail {
  readonly id = input.required<string>();
  protected readonly i18n = inject(I18n);
  protected readonly session = inject(SessionStore);
  private readonly api = inject(Api);

  protected readonly motorcycle = resource({
    params: () => ({ id: Number(this.id()) }),
    loader: ({ params }) => this.api.invoke(getMotorcycle, params),
  });
  protected readonly gone = computed(
    () => failure(this.motorcycle.error(), this.i18n.text().errors).status === 404 || !/^\d+$/.test(this.id()),
  );

  constructor() {
    const title = inject(Title);
    effect(() => {
      if (this.motorcycle.hasValue()) {
        const { model, year } = this.motorcycle.value();
        title.setTitle(`${model.brand.name} ${model.name} (${year}) · Écluse`);
      }
    });
  }
}
