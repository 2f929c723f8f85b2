import { ParamMap, Params } from "@angular/router";

import { ListMotorcycles$Params } from "../api/functions";
import { CurrencyEnum } from "../api/models";
import { CURRENCY_ENUM } from "../api/models/currency-enum-array";
import { text } from "../ui/form";

export const ORDERINGS = ["-created_at", "price_cents", "-price_cents", "-year", "mileage_km"] as const;
export type Ordering = (typeof ORDERINGS)[number];

/** What the address says that is shown. Prices are in whole units, as people write them. */
export interface Filters {
  text: string;
  brand: string;
  /** "" for all: then no prices are compared. */
  currency: CurrencyEnum | "";
  priceMin: number | null;
  priceMax: number | null;
  yearMin: number | null;
  yearMax: number | null;
  everything: boolean;
  ordering: Ordering;
  cursor: string | null;
}

/** The filters in an address. What makes no sense there is left out: an address is shared, and typed. */
export function fromAddress(parameters: ParamMap): Filters {
  const asked = parameters.get("ordering");
  const ordering = ORDERINGS.find((known) => known === asked) ?? "-created_at";
  const priceMin = number(parameters.get("price_min"), 0, 10_000_000);
  const priceMax = number(parameters.get("price_max"), 0, 10_000_000);
  // 5000 is not the same in two currencies: where prices are compared, one is chosen.
  const priced = priceMin !== null || priceMax !== null || ordering.includes("price");
  return {
    text: parameters.get("text")?.trim().slice(0, 100) ?? "",
    brand: /^[\w-]{1,100}$/.exec(parameters.get("brand") ?? "")?.[0] ?? "",
    currency: CURRENCY_ENUM.find((known) => known === parameters.get("currency")) ?? (priced ? "EUR" : ""),
    priceMin,
    priceMax,
    yearMin: number(parameters.get("year_min"), 1885, 2100),
    yearMax: number(parameters.get("year_max"), 1885, 2100),
    everything: parameters.get("status") === "all",
    ordering,
    cursor: parameters.get("cursor"),
  };
}

/** The query parameters of an address that shows *filters*, without what is usual. */
export function toAddress(filters: Filters): Params {
  return {
    text: filters.text || null,
    brand: filters.brand || null,
    currency: filters.currency || null,
    price_min: filters.priceMin,
    price_max: filters.priceMax,
    year_min: filters.yearMin,
    year_max: filters.yearMax,
    status: filters.everything ? "all" : null,
    ordering: filters.ordering === "-created_at" ? null : filters.ordering,
    cursor: filters.cursor,
  };
}

/** What the API is asked. */
export function toQuery(filters: Filters): ListMotorcycles$Params {
  return {
    ...(filters.text ? { text: filters.text } : {}),
    ...(filters.brand ? { brand: [filters.brand] } : {}),
    ...(filters.currency ? { currency: filters.currency } : {}),
    ...(filters.priceMin === null ? {} : { price_min: cents(filters.priceMin) }),
    ...(filters.priceMax === null ? {} : { price_max: cents(filters.priceMax) }),
    ...(filters.yearMin === null ? {} : { year_min: filters.yearMin }),
    ...(filters.yearMax === null ? {} : { year_max: filters.yearMax }),
    ...(filters.everything ? {} : { status: ["available", "reserved"] as const satisfies string[] }),
    ordering: filters.ordering,
    ...(filters.cursor ? { cursor: filters.cursor } : {}),
  };
}

/** The filters that a form holds. A new filter begins at the first page. */
export function fromForm(form: HTMLFormElement): Filters {
  const data = new FormData(form);
  return fromAddress({
    get: (name: string) => (name === "cursor" ? null : text(data, name)),
    getAll: () => [],
    has: () => true,
    keys: [],
  });
}

function number(text: string | null, least: number, most: number): number | null {
  const value = Number(text);
  return text?.trim() && value >= least && value <= most ? value : null;
}

export function cents(amount: number): number {
  return Math.round(amount * 100);
}
