export interface CodeBatch {
  readonly todo: never
}
