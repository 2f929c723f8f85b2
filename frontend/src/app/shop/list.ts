import { ChangeDetectionStrategy, Component, computed, effect, inject, resource, signal } from "@angular/core";
import { toSignal } from "@angular/core/rxjs-interop";
import { Title } from "@angular/platform-browser";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";

import { Api } from "../api/api";
import { listBrands, listMotorcycles } from "../api/functions";
import { CURRENCY_ENUM } from "../api/models/currency-enum-array";
import { I18n } from "../i18n/i18n";
import { ErrorCard } from "../ui/error";
import { Card } from "./card";
import { ORDERINGS, fromAddress, fromForm, toAddress, toQuery } from "./filters";

@Component({
  selector: "motos-list",
  imports: [RouterLink, Card, ErrorCard],
  templateUrl: "./list.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class List {
  protected readonly i18n = inject(I18n);
  protected readonly orderings = ORDERINGS;
  protected readonly currencies = CURRENCY_ENUM;
  protected readonly skeletons = Array.from({ length: 8 }, (_, index) => index);
  /** On a small screen all but the text is folded away at first. */
  protected readonly open = signal(false);
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);

  private readonly address = toSignal(this.route.queryParamMap, { requireSync: true });
  protected readonly filters = computed(() => fromAddress(this.address()), { equal: same });
  protected readonly page = resource({
    params: () => toQuery(this.filters()),
    loader: ({ params }) => this.api.invoke(listMotorcycles, params),
  });
  protected readonly brands = resource({ loader: () => this.api.invoke(listBrands) });
  protected readonly motorcycles = computed(() => (this.page.hasValue() ? this.page.value().results : []));
  protected readonly count = computed(() => (this.page.hasValue() ? this.page.value().count : null));
  protected readonly next = computed(() => (this.page.hasValue() ? this.page.value().next : null));
  protected readonly previous = computed(() => (this.page.hasValue() ? this.page.value().previous : null));

  constructor() {
    const title = inject(Title);
    effect(() => {
      title.setTitle(`${this.i18n.text().list.title} · Écluse`);
    });
  }

  protected at(cursor: string): Record<string, unknown> {
    return toAddress({ ...this.filters(), cursor });
  }

  protected apply(event: Event): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    void this.router.navigate([], { relativeTo: this.route, queryParams: toAddress(fromForm(form)) });
  }
}

function same(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
