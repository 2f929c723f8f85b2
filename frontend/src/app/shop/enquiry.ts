import { ChangeDetectionStrategy, Component, Injector, inject, input, signal } from "@angular/core";

import { Api } from "../api/api";
import { enquire } from "../api/functions";
import { I18n } from "../i18n/i18n";
import { Failure, failure } from "../problems";
import { SessionStore } from "../session";
import { Field } from "../ui/field";
import { focusFirstError, text } from "../ui/form";

/** Ask about a motorcycle. What the API refuses is shown beside the field that it is about. */
@Component({
  selector: "motos-enquiry",
  imports: [Field],
  templateUrl: "./enquiry.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnquiryForm {
  readonly motorcycle = input.required<number>();
  protected readonly i18n = inject(I18n);
  protected readonly sending = signal(false);
  protected readonly sent = signal(false);
  protected readonly refused = signal<Failure | null>(null);
  private readonly api = inject(Api);
  private readonly injector = inject(Injector);
  private readonly session = inject(SessionStore);

  protected async send(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    this.sending.set(true);
    this.refused.set(null);
    try {
      // The session brings the CSRF cookie.
      await this.session.load();
      const body = {
        name: text(data, "name"),
        email: text(data, "email"),
        phone: text(data, "phone"),
        message: text(data, "message"),
      };
      await this.api.invoke(enquire, { id: this.motorcycle(), body });
      this.sent.set(true);
    } catch (error) {
      this.refused.set(failure(error, this.i18n.text().errors));
      focusFirstError(form, this.injector);
    } finally {
      this.sending.set(false);
    }
  }
}
