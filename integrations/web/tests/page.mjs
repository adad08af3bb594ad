export async function test() {
  return { faults: [], counted: 'nothing yet' };
}
