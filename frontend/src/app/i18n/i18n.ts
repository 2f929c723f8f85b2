import { DOCUMENT, Injectable, computed, effect, inject, signal } from "@angular/core";

import { en } from "./en";
import { Messages, fr } from "./fr";

export const LANGUAGES = { fr: "Français", en: "English" } as const;
export type Language = keyof typeof LANGUAGES;

const MESSAGES: Record<Language, Messages> = { fr, en };
// Django's own: the pages of the site, and the API's messages, follow it too.
const COOKIE = "django_language";

/** The language of the client: that of the site, else the browser's; French where it is neither. */
@Injectable({ providedIn: "root" })
export class I18n {
  private readonly document = inject(DOCUMENT);
  private readonly chosen = signal<Language>(this.initial());

  readonly language = this.chosen.asReadonly();
  readonly text = computed(() => MESSAGES[this.language()]);
  private readonly locale = computed(() => (this.language() === "fr" ? "fr-FR" : "en-GB"));
  private readonly numbers = computed(() => new Intl.NumberFormat(this.locale()));
  private readonly dates = computed(() => new Intl.DateTimeFormat(this.locale(), { dateStyle: "long" }));

  constructor() {
    effect(() => {
      this.document.documentElement.lang = this.language();
    });
  }

  choose(language: Language): void {
    this.document.cookie = `${COOKIE}=${language}; path=/; max-age=31536000; samesite=lax`;
    this.chosen.set(language);
  }

  /** An amount in cents, as the locale writes it; without cents where there are none. */
  price(cents: number, currency: string): string {
    const options = { style: "currency", currency, trailingZeroDisplay: "stripIfInteger" } as Intl.NumberFormatOptions;
    return new Intl.NumberFormat(this.locale(), options).format(cents / 100);
  }

  number(value: number): string {
    return this.numbers().format(value);
  }

  date(iso: string): string {
    return this.dates().format(new Date(iso));
  }

  private initial(): Language {
    const cookie = new RegExp(`(?:^|; )${COOKIE}=(\\w+)`).exec(this.document.cookie)?.[1];
    const wanted = [cookie, ...(this.document.defaultView?.navigator.languages ?? [])];
    const found = wanted.map((code) => code?.slice(0, 2)).find((code) => code !== undefined && code in LANGUAGES);
    return (found as Language | undefined) ?? "fr";
  }
}
