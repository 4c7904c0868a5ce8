const SECOND_NS = 1_000_000_000n;

/**
 * What node:fs takes for a time, as a string since it replaces negative numbers by the present.
 *
 * libuv computes in doubles and cuts off to whole microseconds, so half a microsecond is added (away from zero,
 * as it cuts towards zero) to let neither of the two fall below the microsecond meant. The grain is therefore one
 * microsecond, rounded down: the second never changes, which is all that mirrors carry. Where a double
 * is too coarse for that (from the year 2106) the whole second is set.
 */
export function timeForNode(timeNs: bigint): string {
  const second = floorDivision(timeNs, SECOND_NS);
  const microseconds = Number((timeNs - second * SECOND_NS) / 1000n);
  const whole = Number(second);
  const exact = whole + (microseconds + (whole < 0 ? -0.5 : 0.5)) / 1e6;
  const keepsSecond = Math.abs(whole) < 2 ** 32 && microseconds > 0;
  return String(keepsSecond ? exact : whole);
}

function floorDivision(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient;
}
