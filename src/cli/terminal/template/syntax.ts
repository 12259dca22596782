// What a template consists of, after Go's text/template/parse.

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | {
      readonly kind: "range";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      /** For an empty list. */
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly kind: "break" | "continue" };

/** `$name := a | b | c`: each command gets the value of the one before as its last argument. */
export interface Pipeline {
  readonly variables: readonly string[];
  /** `=`: the variable is there already. */
  readonly assigns: boolean;
  readonly commands: readonly TemplateCommand[];
  readonly offset: number;
}

export interface TemplateCommand {
  /** A function and its arguments, or one value. */
  readonly operands: readonly Operand[];
}

export type Operand = (
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "dot" }
  /** "$" itself is what the template was given. */
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline }
) & {
  /** Fields of the value, from outside in. */
  readonly path: readonly PathStep[];
  readonly offset: number;
  readonly text: string;
};

export interface PathStep {
  readonly name: string;
  readonly offset: number;
}
