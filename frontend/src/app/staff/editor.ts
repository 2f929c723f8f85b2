import { ChangeDetectionStrategy, Component, Injector, computed, effect, inject, input, resource, signal } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { Router, RouterLink } from "@angular/router";

import { Api } from "../api/api";
import { createMotorcycle, deleteMotorcycle, getMotorcycle, listModels, replaceMotorcycle } from "../api/functions";
import { CurrencyEnum, Model, MotorcycleWriteRequest, StatusEnum } from "../api/models";
import { CURRENCY_ENUM } from "../api/models/currency-enum-array";
import { STATUS_ENUM } from "../api/models/status-enum-array";
import { I18n } from "../i18n/i18n";
import { Failure, failure } from "../problems";
import { cents } from "../shop/filters";
import { ErrorCard } from "../ui/error";
import { Field } from "../ui/field";
import { focusFirstError, text } from "../ui/form";
import { Pictures } from "./pictures";

/** A motorcycle as staff write it: a new one without an id, then its pictures. */
@Component({
  selector: "motos-editor",
  imports: [RouterLink, Field, Pictures, ErrorCard],
  templateUrl: "./editor.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Editor {
  readonly id = input<string>();
  /** Set in the address after a motorcycle was made. */
  readonly created = input<string>();
  protected readonly i18n = inject(I18n);
  protected readonly currencies = CURRENCY_ENUM;
  protected readonly statuses = STATUS_ENUM;
  protected readonly saving = signal(false);
  protected readonly saved = signal(false);
  protected readonly refused = signal<Failure | null>(null);
  private readonly api = inject(Api);
  private readonly injector = inject(Injector);
  private readonly router = inject(Router);

  protected readonly motorcycle = resource({
    params: () => (this.id() === undefined ? undefined : { id: Number(this.id()) }),
    loader: ({ params }) => this.api.invoke(getMotorcycle, params),
  });
  protected readonly models = resource({ loader: () => this.api.invoke(listModels) });
  protected readonly known = computed(() => (this.motorcycle.hasValue() ? this.motorcycle.value() : null));
  protected readonly brands = computed(() =>
    Object.entries(
      Object.groupBy(this.models.hasValue() ? this.models.value() : [], (model: Model) => model.brand.name),
    ).map(([name, models]) => ({ name, models: models ?? [] })),
  );

  constructor() {
    const title = inject(Title);
    effect(() => {
      const words = this.i18n.text().editor;
      title.setTitle(`${this.id() === undefined ? words.add : words.edit} · Écluse`);
    });
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const body = read(new FormData(form));
    this.saving.set(true);
    this.saved.set(false);
    this.refused.set(null);
    try {
      const known = this.known();
      if (known) {
        this.motorcycle.set(await this.api.invoke(replaceMotorcycle, { id: known.id, body }));
        this.saved.set(true);
      } else {
        const made = await this.api.invoke(createMotorcycle, { body });
        await this.router.navigate(["/staff/edit", made.id], { queryParams: { created: 1 } });
      }
    } catch (error) {
      this.refused.set(failure(error, this.i18n.text().errors));
      focusFirstError(form, this.injector);
    } finally {
      this.saving.set(false);
    }
  }

  protected async remove(id: number): Promise<void> {
    if (!confirm(this.i18n.text().editor.confirmRemove)) {
      return;
    }
    try {
      await this.api.invoke(deleteMotorcycle, { id });
      await this.router.navigateByUrl("/");
    } catch (error) {
      this.refused.set(failure(error, this.i18n.text().errors));
    }
  }
}

function read(data: FormData): MotorcycleWriteRequest {
  const value = (name: string): string => text(data, name);
  return {
    model: Number(value("model")),
    year: Number(value("year")),
    price_cents: cents(Number(value("price"))),
    currency: value("currency") as CurrencyEnum,
    mileage_km: Number(value("mileage_km")),
    engine_cc: Number(value("engine_cc")),
    power_kw: Number(value("power_kw")),
    colour: value("colour"),
    description: value("description"),
    status: value("status") as StatusEnum,
  };
}
