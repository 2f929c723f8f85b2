import { ChangeDetectionStrategy, Component, effect, inject, input, signal } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { Router } from "@angular/router";

import { I18n } from "../i18n/i18n";
import { failure } from "../problems";
import { SessionStore } from "../session";
import { Field } from "../ui/field";
import { text } from "../ui/form";

@Component({
  selector: "motos-login",
  imports: [Field],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let text = i18n.text().login;
    <div class="wrap narrow">
      <h1>{{ text.title }}</h1>
      <form class="card form" (submit)="send($event)">
        <div role="alert">
          @if (problem()) {
            <p class="message error">{{ problem() }}</p>
          }
        </div>
        <motos-field for="username" [label]="text.username">
          <input id="username" name="username" required maxlength="150" autocomplete="username" autocapitalize="none" />
        </motos-field>
        <motos-field for="password" [label]="text.password">
          <input id="password" name="password" type="password" required maxlength="128" autocomplete="current-password" />
        </motos-field>
        <button class="button" [disabled]="sending()">{{ text.send }}</button>
      </form>
    </div>
  `,
})
export class Login {
  /** Where to go afterwards: an address inside of the client. */
  readonly next = input<string>();
  protected readonly i18n = inject(I18n);
  protected readonly problem = signal("");
  protected readonly sending = signal(false);
  private readonly session = inject(SessionStore);
  private readonly router = inject(Router);

  constructor() {
    const title = inject(Title);
    effect(() => {
      title.setTitle(`${this.i18n.text().login.title} · Écluse`);
    });
  }

  protected async send(event: Event): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    this.sending.set(true);
    this.problem.set("");
    try {
      await this.session.load();
      const session = await this.session.logIn({ username: text(data, "username"), password: text(data, "password") });
      if (session.is_staff) {
        // The router knows no other site: an address elsewhere is one of the client's that does not exist.
        await this.router.navigateByUrl(this.next() ?? "/");
      } else {
        this.problem.set(this.i18n.text().login.notStaff);
      }
    } catch (error) {
      this.problem.set(failure(error, this.i18n.text().errors).detail);
    } finally {
      this.sending.set(false);
    }
  }
}
