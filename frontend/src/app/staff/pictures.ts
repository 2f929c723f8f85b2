import { HttpClient, HttpEventType } from "@angular/common/http";
import { ChangeDetectionStrategy, Component, Injector, inject, input, linkedSignal, signal } from "@angular/core";
import { lastValueFrom, tap } from "rxjs";

import { Api } from "../api/api";
import { addPicture, changePicture, deletePicture, getMotorcycle } from "../api/functions";
import { Picture } from "../api/models";
import { I18n } from "../i18n/i18n";
import { Failure, failure } from "../problems";
import { Field } from "../ui/field";
import { focusFirstError } from "../ui/form";

/** The pictures of a motorcycle: add one, seeing how far it is; make one the first; take one away. */
@Component({
  selector: "motos-pictures",
  imports: [Field],
  templateUrl: "./pictures.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Pictures {
  readonly motorcycle = input.required<number>();
  readonly initial = input.required<Picture[]>();
  protected readonly i18n = inject(I18n);
  protected readonly pictures = linkedSignal(() => this.initial());
  /** How much of the upload has left, from 0 to 1; null while there is none. */
  protected readonly progress = signal<number | null>(null);
  protected readonly note = signal("");
  protected readonly refused = signal<Failure | null>(null);
  private readonly api = inject(Api);
  private readonly injector = inject(Injector);
  private readonly http = inject(HttpClient);

  protected async upload(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    // The generated client waits for the answer; only the events before it tell how far the upload is.
    const address = addPicture.PATH.replace("{id}", String(this.motorcycle()));
    const events = this.http.post<Picture>(address, new FormData(form), { reportUploadProgress: true, observe: "events" });
    this.progress.set(0);
    await this.attempt(async () => {
      await lastValueFrom(
        events.pipe(
          tap((happened) => {
            if (happened.type === HttpEventType.UploadProgress && happened.total) {
              this.progress.set(happened.loaded / happened.total);
            }
          }),
        ),
      );
      form.reset();
      await this.refresh();
      this.note.set(this.i18n.text().editor.uploaded);
    });
    focusFirstError(form, this.injector);
    this.progress.set(null);
  }

  protected first(picture: Picture): Promise<void> {
    return this.attempt(async () => {
      await this.api.invoke(changePicture, { id: picture.id, body: { position: 0 } });
      await this.refresh();
    });
  }

  protected remove(picture: Picture): Promise<void> {
    return this.attempt(async () => {
      await this.api.invoke(deletePicture, { id: picture.id });
      await this.refresh();
      this.note.set(this.i18n.text().editor.removed);
    });
  }

  private async refresh(): Promise<void> {
    const { pictures } = await this.api.invoke(getMotorcycle, { id: this.motorcycle() });
    this.pictures.set(pictures);
  }

  private async attempt(what: () => Promise<void>): Promise<void> {
    this.note.set("");
    this.refused.set(null);
    try {
      await what();
    } catch (error) {
      this.refused.set(failure(error, this.i18n.text().errors));
    }
  }
}
