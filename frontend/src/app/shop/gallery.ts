import { ChangeDetectionStrategy, Component, computed, inject, input, linkedSignal } from "@angular/core";

import { Picture } from "../api/models";
import { I18n } from "../i18n/i18n";

/** The pictures of a motorcycle: one large, and all of them small, each a button that makes it the large one. */
@Component({
  selector: "motos-gallery",
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let text = i18n.text().moto;
    @if (current(); as picture) {
      <figure class="gallery">
        <img
          class="gallery-large"
          [src]="picture.image"
          [alt]="picture.alternative_text"
          [width]="picture.width"
          [height]="picture.height"
          fetchpriority="high"
        />
        @if (pictures().length > 1) {
          <div class="gallery-small" role="group" [attr.aria-label]="text.pictures">
            @for (small of pictures(); track small.id; let index = $index) {
              <button
                type="button"
                [attr.aria-label]="text.showPicture(index + 1)"
                [attr.aria-pressed]="index === shown()"
                (click)="shown.set(index)"
              >
                <img [src]="small.thumbnail" alt="" width="160" height="120" loading="lazy" />
              </button>
            }
          </div>
        }
      </figure>
    } @else {
      <p class="no-picture">{{ text.noPicture }}</p>
    }
  `,
})
export class Gallery {
  readonly pictures = input.required<Picture[]>();
  protected readonly i18n = inject(I18n);
  protected readonly shown = linkedSignal(() => (this.pictures(), 0));
  protected readonly current = computed(() => this.pictures()[this.shown()]);
}
