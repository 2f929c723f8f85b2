import { ChangeDetectionStrategy, Component, DOCUMENT, inject, signal } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { NavigationEnd, Router, RouterLink, RouterOutlet } from "@angular/router";
import { filter, pairwise } from "rxjs";

import { I18n, LANGUAGES, Language } from "./i18n/i18n";
import { SessionStore } from "./session";

@Component({
  selector: "motos-app",
  imports: [RouterOutlet, RouterLink],
  templateUrl: "./app.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class App {
  protected readonly i18n = inject(I18n);
  protected readonly session = inject(SessionStore);
  protected readonly languages = Object.entries(LANGUAGES) as [Language, string][];
  /** The address to come back to after a login, below /motos. */
  protected readonly next = signal("/");
  private readonly document = inject(DOCUMENT);
  private readonly router = inject(Router);

  constructor() {
    // Without it the client still shows what is for sale.
    this.session.load().catch(() => null);
    this.router.events
      .pipe(
        filter((event) => event instanceof NavigationEnd),
        takeUntilDestroyed(),
      )
      .subscribe((event) => {
        this.next.set(encodeURIComponent(event.urlAfterRedirects));
      });
    // Another page, not another filter: what reads the screen begins at its top.
    this.router.events
      .pipe(
        filter((event) => event instanceof NavigationEnd),
        pairwise(),
        filter(([before, after]) => path(before.urlAfterRedirects) !== path(after.urlAfterRedirects)),
        takeUntilDestroyed(),
      )
      .subscribe(() => {
        this.document.getElementById("content")?.focus({ preventScroll: true });
      });
  }

  protected skip(event: Event): void {
    // A plain link to #content would leave for the base address.
    event.preventDefault();
    this.document.getElementById("content")?.focus();
  }

  protected async logOut(): Promise<void> {
    await this.session.logOut();
    await this.router.navigateByUrl("/");
  }
}

function path(url: string): string {
  return url.split("?")[0] ?? url;
}
