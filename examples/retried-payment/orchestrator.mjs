/**
 * What every workflow engine does: it runs a step, and when it does not hear back it runs the step again. Here the
 * step's answer is lost `lostAnswers` times, after the step has done its work.
 */
export async function runStep(step, { lostAnswers }) {
  for (let call = 1; ; call += 1) {
    const answer = await step(call);
    if (call > lostAnswers) return answer;
  }
}
