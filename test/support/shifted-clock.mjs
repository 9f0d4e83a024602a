// Loaded with `--import`. The clock of this process is then an hour ahead, or SHIFT_MS milliseconds. Code in the
// sandbox of a workflow uses Temporal's clock and is not affected.
const shiftMs = Number(process.env.SHIFT_MS ?? 3_600_000);
const RealDate = globalThis.Date;

class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate;
