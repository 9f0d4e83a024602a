import { createPlaces } from '../../../src/deliver/capacity/places.ts';

describe('places', () => {
  it('places are given out by rank, and among equal ranks in the order of the requests', async () => {
    const places = createPlaces(1);
    const leave = await places.take(0, 3);
    const order: string[] = [];
    const ask = async (name: string, rank: number): Promise<void> => {
      const leaveAgain = await places.take(60_000, rank);
      order.push(name);
      leaveAgain?.();
    };
    const asked = [ask('low', 4), ask('normal', 3), ask('critical', 1), ask('normal too', 3)];
    leave?.();
    await Promise.all(asked);
    expect(order).toEqual(['critical', 'normal', 'normal too', 'low']);
    expect(places.isIdle).toBe(true);
  });

  it('a request for a place ends after its time, and takes no place afterwards', async () => {
    const places = createPlaces(1);
    const leave = await places.take(0, 1);
    expect(await places.take(1, 1)).toBeUndefined();
    leave?.();
    leave?.(); // giving a place back twice makes no second one
    expect(await places.take(0, 1)).toBeDefined();
    expect(await places.take(0, 1)).toBeUndefined();
  });

  it('several places are given out together, and no later request overtakes one that waits for many', async () => {
    const places = createPlaces(4);
    const [one, three] = [await places.take(0, 3), await places.take(0, 3, 3)];
    const order: string[] = [];
    const ask = async (name: string, number: number, rank = 3): Promise<(() => void) | undefined> => {
      const leave = await places.take(60_000, rank, number);
      order.push(name);
      return leave;
    };
    const [many, few, all] = [ask('many', 3), ask('few', 1), ask('more than all', 9)];
    one?.();
    expect(await places.take(1, 4)).toBeUndefined(); // a place is free, but others wait for it
    expect(order).toEqual([]);
    three?.();
    (await many)?.();
    (await few)?.();
    (await all)?.();
    expect(order).toEqual(['many', 'few', 'more than all']);
    expect(places.isIdle).toBe(true);
  });

  it('places report how long the oldest holder has had its place', async () => {
    let now = 0;
    const places = createPlaces(2, () => now);
    expect(places.longestHeldMs()).toBe(0);
    const leave = await places.take(0, 1);
    now = 700;
    await places.take(0, 1);
    expect(places.longestHeldMs()).toBe(700);
    leave?.();
    expect(places.longestHeldMs()).toBe(0);
  });
});
