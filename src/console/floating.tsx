/** A window over the page that can be moved, by its head or with the arrow keys, and resized; what lies beneath stays usable. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

const STEP_PX = 24;
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP_PX, 0],
  ArrowRight: [STEP_PX, 0],
  ArrowUp: [0, -STEP_PX],
  ArrowDown: [0, STEP_PX],
};

export function Floating({
  title,
  close,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const offset = useRef<readonly [number, number]>([0, 0]);
  const heading = useId();
  useEffect(() => dialog.current?.show(), []);
  const move = (byX: number, byY: number): void => {
    const [x, y] = offset.current;
    offset.current = [x + byX, y + byY];
    if (dialog.current !== null) dialog.current.style.translate = `${x + byX}px ${y + byY}px`;
  };
  return (
    <dialog
      ref={dialog}
      class="floating"
      aria-labelledby={heading}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <header>
        <h2 id={heading}>{title}</h2>
        <button
          type="button"
          class="quiet grip"
          aria-label="Move: drag, or press the arrow keys"
          onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
          onPointerMove={({ buttons, movementX, movementY }) => buttons === 1 && move(movementX, movementY)}
          onKeyDown={(event) => {
            const step = STEPS[event.key];
            if (step === undefined) return;
            event.preventDefault();
            move(...step);
          }}
        >
          ⠿
        </button>
        <button type="button" class="quiet" aria-label="Close" onClick={close}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}
